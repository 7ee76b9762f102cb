#include "config_includes.h"

#include "text.h"

namespace baselined::git {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {
    if (text_.starts_with(kByteOrderMark)) {
      text_.remove_prefix(kByteOrderMark.size());
    }
  }

  std::vector<std::string> scan() {
    bool is_include = false;
    while (skip_blanks(), !text_.empty()) {
      if (take('[')) {
        is_include = take_section();
      } else if (text_.front() == '\n' || text_.front() == '#' || text_.front() == ';') {
        skip_line();
      } else {
        take_variable(is_include);
      }
    }
    return std::move(files_);
  }

 private:
  bool take(char letter) {
    const bool is_next = text_.starts_with(letter);
    text_.remove_prefix(is_next ? 1 : 0);
    return is_next;
  }

  // Up to one of these letters, or the end.
  std::string_view take_until(std::string_view letters) {
    const std::string_view word = text_.substr(0, text_.find_first_of(letters));
    text_.remove_prefix(word.size());
    return word;
  }

  void skip_blanks() {
    while (!text_.empty() && kBlanks.find(text_.front()) != std::string_view::npos) {
      text_.remove_prefix(1);
    }
  }

  void skip_line() {
    take_until("\n");
    take('\n');
  }

  // After its bracket. Is it one of includes?
  bool take_section() {
    const std::string name = lower_ascii(std::string(take_until(" \t.\"]\n")));
    skip_blanks();
    const bool has_subsection = !text_.starts_with(']');
    bool is_quoted = false;
    while (!text_.empty() && text_.front() != '\n' && (is_quoted || text_.front() != ']')) {
      const bool is_escape = take('\\');
      is_quoted ^= !is_escape && text_.starts_with('"');
      text_.remove_prefix(text_.empty() ? 0 : 1);
    }
    take(']');
    return has_subsection ? name == "includeif" : name == "include";
  }

  void take_variable(bool is_include) {
    const std::string name = lower_ascii(std::string(take_until(" \t\r\f\v\n=#;")));
    skip_blanks();
    if (!take('=')) {
      skip_line();
      return;
    }
    skip_blanks();
    std::string value = take_value();
    if (is_include && name == "path" && !value.empty()) {
      files_.push_back(std::move(value));
    }
  }

  // To the end of its line, which a backslash moves to the next one.
  std::string take_value() {
    std::string value;
    std::size_t length = 0;  // without blanks at its end
    bool is_quoted = false;
    while (!text_.empty() && text_.front() != '\n') {
      const char letter = text_.front();
      if (!is_quoted && (letter == '#' || letter == ';')) {
        break;
      }
      text_.remove_prefix(1);
      if (letter == '"') {
        is_quoted = !is_quoted;
      } else if (letter == '\\') {
        take_escaped(value);
      } else {
        value += letter;
      }
      const bool is_blank = !is_quoted && kBlanks.find(letter) != std::string_view::npos;
      length = is_blank ? length : value.size();
    }
    skip_line();
    value.resize(length);
    return value;
  }

  void take_escaped(std::string& value) {
    take('\r');
    if (text_.empty() || take('\n')) {
      return;
    }
    constexpr std::string_view kLetters = "ntb";
    constexpr std::string_view kMeanings = "\n\t\b";
    const std::size_t at = kLetters.find(text_.front());
    value += at == std::string_view::npos ? text_.front() : kMeanings[at];
    text_.remove_prefix(1);
  }

  std::string_view text_;  // what is left
  std::vector<std::string> files_;
};

}  // namespace

std::vector<std::string> included_files(std::string_view config) { return Scanner(config).scan(); }

}  // namespace baselined::git
