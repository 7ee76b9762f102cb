#include "body.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "base64.h"
#include "json_text.h"

namespace baselined::cassette {
namespace {

constexpr std::string_view kJson = "body_json";
constexpr std::string_view kText = "body_text";
constexpr std::string_view kBase64 = "body_base64";
constexpr std::size_t kMaxBodyDepth = 64;
// Larger bodies are nobody's reading, and take many times their size when they are read by field.
constexpr std::size_t kMaxJsonBytes = std::size_t{4} << 20U;
constexpr std::ptrdiff_t kMaxLines = 100'000;

// "application/json; charset=utf-8", "application/vnd.github+json"; not a text of many values.
bool is_json_type(const std::vector<Header>& headers) {
  const auto header = std::find_if(headers.begin(), headers.end(),
                                   [](const Header& each) { return each.name == "content-type"; });
  if (header == headers.end()) {
    return false;
  }
  std::string type = header->value.substr(0, header->value.find(';'));
  std::erase(type, ' ');
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

// Does every reader find the same value in this number, also one that knows int64 or double only?
bool is_plain_number(const std::string& text) {
  const char* const end = text.data() + text.size();
  if (text.find_first_of(".eE") == std::string::npos) {
    std::int64_t number = 0;
    return std::from_chars(text.data(), end, number).ec == std::errc();
  }
  double number = 0;
  const std::string_view mantissa = std::string_view(text).substr(0, text.find_first_of("eE"));
  const std::size_t first = std::min(mantissa.find_first_of("123456789"), mantissa.size());
  const auto digits = std::count_if(mantissa.begin() + static_cast<std::ptrdiff_t>(first),
                                    mantissa.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits <= 17 && std::from_chars(text.data(), end, number).ec == std::errc() &&
         std::isfinite(number);
}

bool is_plain(const Json& value) {
  const auto is_plain_member = [](const JsonMember& member) { return is_plain(member.value); };
  return (value.kind != Json::Kind::number || is_plain_number(value.text)) &&
         std::all_of(value.items.begin(), value.items.end(), is_plain) &&
         std::all_of(value.members.begin(), value.members.end(), is_plain_member);
}

// An object or array that can be written again without changing a value.
std::optional<Json> as_json(std::string_view body, const std::vector<Header>& headers) {
  if (body.size() > kMaxJsonBytes || !is_json_type(headers)) {
    return std::nullopt;
  }
  Parsed<Json> parsed = parse_json(body, kMaxBodyDepth);
  if (!parsed.value || !is_plain(*parsed.value) ||
      (parsed.value->kind != Json::Kind::object && parsed.value->kind != Json::Kind::array)) {
    return std::nullopt;
  }
  return std::move(parsed.value);
}

Json lines_of(std::string_view text) {
  if (std::count(text.begin(), text.end(), '\n') > kMaxLines) {
    return json_text_value(text);
  }
  Json lines;
  lines.kind = Json::Kind::array;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.items.push_back(json_text_value(text.substr(0, size)));
    text.remove_prefix(size);
  }
  return lines.items.size() == 1 ? std::move(lines.items[0]) : lines;
}

Parsed<std::string> read_text(const Json& value) {
  if (value.kind == Json::Kind::string) {
    return {value.text, {}};
  }
  std::string text;
  for (const Json& line : value.items) {
    if (line.kind != Json::Kind::string) {
      return {{}, "body_text has a line that is no string"};
    }
    text += line.text;
  }
  return value.kind == Json::Kind::array
             ? Parsed<std::string>{std::move(text), {}}
             : Parsed<std::string>{{}, "body_text is neither a string nor a list of lines"};
}

}  // namespace

std::string kept_body(std::string body, const std::vector<Header>& headers) {
  const std::optional<Json> value = as_json(body, headers);
  return value ? compact(*value) : std::move(body);
}

void add_body(std::string_view body, const std::vector<Header>& headers,
              std::vector<JsonMember>& members) {
  if (body.empty()) {
    return;
  }
  if (std::optional<Json> value = as_json(body, headers)) {
    members.push_back({std::string(kJson), std::move(*value)});
  } else if (sdk::is_utf8(body)) {
    members.push_back({std::string(kText), lines_of(body)});
  } else {
    members.push_back({std::string(kBase64), json_text_value(to_base64(body))});
  }
}

Parsed<std::string> read_body(const Json& object) {
  const std::array<const Json*, 3> forms = {object.find(kJson), object.find(kText),
                                            object.find(kBase64)};
  if (std::count(forms.begin(), forms.end(), nullptr) < 2) {
    return {{}, "more than one body"};
  }
  if (forms[0] != nullptr) {
    return {compact(*forms[0]), {}};
  }
  if (forms[1] != nullptr) {
    return read_text(*forms[1]);
  }
  if (forms[2] == nullptr) {
    return {std::string(), {}};
  }
  std::optional<std::string> bytes =
      forms[2]->kind == Json::Kind::string ? from_base64(forms[2]->text) : std::nullopt;
  std::string problem = bytes ? "" : "body_base64 is not Base64";
  return {std::move(bytes), std::move(problem)};
}

}  // namespace baselined::cassette
