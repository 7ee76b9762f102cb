#include "json_reader.h"

#include <algorithm>
#include <charconv>

#include "json_text.h"

namespace baselined::cassette {
namespace {

using Kind = Json::Kind;

constexpr std::uint32_t kNoCode = UINT32_MAX;

void append_utf8(std::uint32_t code, std::string& out) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | (code >> 6U));
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | (code >> 12U));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18U));
    byte(0x80U | ((code >> 12U) & 0x3FU));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

class Reader {
 public:
  Reader(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  Parsed<Json> read() {
    Json value;
    if (!sdk::is_utf8(text_)) {
      return {{}, "not UTF-8"};
    }
    if (!read_value(value, 0)) {
      return {{}, located(problem_)};
    }
    skip_space();
    if (at_ != text_.size()) {
      return {{}, located("something after the end")};
    }
    return {std::move(value), {}};
  }

 private:
  bool fail(const char* what) {
    problem_ = what;
    return false;
  }
  std::string located(const char* what) const {
    const auto line =
        std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    return "line " + std::to_string(line + 1) + ": " + what;
  }

  bool is_end() const { return at_ == text_.size(); }
  char peek() const { return is_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    const bool is_there = !is_end() && text_[at_] == c;
    at_ += is_there ? 1U : 0U;
    return is_there;
  }
  void skip_space() {
    while (!is_end() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
  }

  bool read_value(Json& value, std::size_t depth) {
    skip_space();
    if (depth > max_depth_) {
      return fail("too many levels");
    }
    switch (peek()) {
      case '{':
        return read_object(value, depth);
      case '[':
        return read_array(value, depth);
      case '"':
        value.kind = Kind::string;
        return read_string(value.text);
      case 't':
        return read_word("true", Kind::boolean, value);
      case 'f':
        return read_word("false", Kind::boolean, value);
      case 'n':
        return read_word("null", Kind::null, value);
      default:
        return read_number(value);
    }
  }

  bool read_word(std::string_view word, Kind kind, Json& value) {
    if (text_.substr(at_, word.size()) != word) {
      return fail("not a value");
    }
    at_ += word.size();
    value.kind = kind;
    value.text = word;
    return true;
  }

  bool read_array(Json& value, std::size_t depth) {
    value.kind = Kind::array;
    take('[');
    skip_space();
    if (take(']')) {
      return true;
    }
    do {
      if (!read_value(value.items.emplace_back(), depth + 1)) {
        return false;
      }
      skip_space();
    } while (take(','));
    return take(']') || fail("',' or ']' expected");
  }

  bool read_object(Json& value, std::size_t depth) {
    value.kind = Kind::object;
    take('{');
    skip_space();
    if (take('}')) {
      return true;
    }
    do {
      JsonMember& member = value.members.emplace_back();
      skip_space();
      if (peek() != '"') {
        return fail("a key expected");
      }
      if (!read_string(member.key)) {
        return false;
      }
      skip_space();
      if (!take(':')) {
        return fail("':' expected");
      }
      if (!read_value(member.value, depth + 1)) {
        return false;
      }
      skip_space();
    } while (take(','));
    if (!take('}')) {
      return fail("',' or '}' expected");
    }
    return sort_members(value.members) || fail("a key twice in one object");
  }

  static bool sort_members(std::vector<JsonMember>& members) {
    std::sort(members.begin(), members.end(),
              [](const JsonMember& a, const JsonMember& b) { return a.key < b.key; });
    return std::adjacent_find(members.begin(), members.end(),
                              [](const JsonMember& a, const JsonMember& b) {
                                return a.key == b.key;
                              }) == members.end();
  }

  bool read_string(std::string& out) {
    take('"');
    while (!is_end()) {
      const char c = text_[at_++];
      if (c == '"') {
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return fail("a control character in a string");
      }
      if (c != '\\') {
        out += c;
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return fail("a string without end");
  }

  bool read_escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const char name = peek();
    at_ += is_end() ? 0U : 1U;
    if (name != 'u') {
      const std::size_t index = name == '\0' ? std::string_view::npos : kNames.find(name);
      if (index == std::string_view::npos) {
        return fail("an escape that does not exist");
      }
      out += kMeant[index];
      return true;
    }
    std::uint32_t code = read_hex();
    if (code >= 0xD800 && code < 0xDC00 && take('\\') && take('u')) {
      const std::uint32_t low = read_hex();
      const bool is_pair = low >= 0xDC00 && low < 0xE000;
      code = is_pair ? 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00) : kNoCode;
    }
    if (code == kNoCode || (code >= 0xD800 && code < 0xE000)) {
      return fail("an escape that is no character");
    }
    append_utf8(code, out);
    return true;
  }

  std::uint32_t read_hex() {
    std::uint32_t code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || result.ptr != digits.data() + 4) {
      return kNoCode;
    }
    at_ += 4;
    return code;
  }

  bool read_digits() {
    const std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') {
      ++at_;
    }
    return at_ > begin;
  }

  bool read_number(Json& value) {
    const std::size_t begin = at_;
    take('-');
    const bool has_leading_zero = peek() == '0';
    const std::size_t first = at_;
    if (!read_digits()) {
      return fail("a value expected");
    }
    if (has_leading_zero && at_ > first + 1) {
      return fail("a number that begins with 0");
    }
    if (take('.') && !read_digits()) {
      return fail("a number that ends with '.'");
    }
    if (take('e') || take('E')) {
      if (!take('+')) {
        take('-');
      }
      if (!read_digits()) {
        return fail("a number without its exponent");
      }
    }
    value.kind = Kind::number;
    value.text = text_.substr(begin, at_ - begin);
    return true;
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  const char* problem_ = "";
};

void write(const Json& value, std::size_t indent, bool is_pretty, std::string& out) {
  const bool is_object = value.kind == Kind::object;
  const std::size_t count = is_object ? value.members.size() : value.items.size();
  if (value.kind != Kind::array && !is_object) {
    out += value.kind == Kind::string ? sdk::json_string(value.text)
           : value.kind == Kind::null ? "null"
                                      : value.text;
    return;
  }
  const auto new_line = [&](std::size_t spaces) {
    if (is_pretty) {
      out.append("\n").append(spaces, ' ');
    }
  };
  out += is_object ? '{' : '[';
  for (std::size_t index = 0; index < count; ++index) {
    out.append(index == 0 ? "" : ",");
    new_line(indent + 2);
    if (is_object) {
      out.append(sdk::json_string(value.members[index].key)).append(is_pretty ? ": " : ":");
    }
    write(is_object ? value.members[index].value : value.items[index], indent + 2, is_pretty, out);
  }
  if (count > 0) {
    new_line(indent);
  }
  out += is_object ? '}' : ']';
}

}  // namespace

const Json* Json::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const JsonMember& member) { return member.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

Parsed<Json> parse_json(std::string_view text, std::size_t max_depth) {
  return Reader(text, max_depth).read();
}

std::string compact(const Json& value) {
  std::string out;
  write(value, 0, false, out);
  return out;
}

std::string pretty(const Json& value, std::size_t indent) {
  std::string out;
  write(value, indent, true, out);
  return out;
}

Json json_text_value(std::string_view text) { return {Kind::string, std::string(text), {}, {}}; }

Json json_number_value(std::int64_t number) {
  return {Kind::number, std::to_string(number), {}, {}};
}

Json json_object(std::vector<JsonMember> members) {
  std::sort(members.begin(), members.end(),
            [](const JsonMember& a, const JsonMember& b) { return a.key < b.key; });
  return {Kind::object, {}, {}, std::move(members)};
}

}  // namespace baselined::cassette
