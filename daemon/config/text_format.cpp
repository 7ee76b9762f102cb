#include "daemon/config/text_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "daemon/base/time.h"

namespace baselined::config {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxTitle = 128;
constexpr std::size_t kMaxRegex = 1000;  // the compiler of std::regex recurses

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string problem_with_path(std::string_view text) {
  if (text.front() != '/') {
    return fmt::format("is the relative path '{}'; write it from the root: /...", text);
  }
  return {};
}

std::string problem_with_duration(std::string_view text) {
  const auto duration = parse_duration(text);
  return duration ? "" : "is wrong: " + duration.error().message();
}

// Our globs know * and ? only. What means something in other globs would silently match nothing.
std::string problem_with_glob(std::string_view text) {
  const std::size_t at = text.find_first_of("[]{}\\");
  if (at == std::string_view::npos) {
    return {};
  }
  return fmt::format("is the pattern '{}', but '{}' means nothing in a pattern: only * and ? do",
                     text, text[at]);
}

std::string problem_with_regex(std::string_view text) {
  if (text.size() > kMaxRegex) {
    return fmt::format("is a regular expression of more than {} bytes", kMaxRegex);
  }
  try {
    const std::regex compiled(text.begin(), text.end(), std::regex::ECMAScript);
    return {};
  } catch (const std::regex_error&) {
    return fmt::format("is '{}', which is not a regular expression (ECMAScript)", text);
  }
}

std::string problem_with_name(std::string_view text) {
  const bool has_good_characters = std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  });
  if (!has_good_characters || !is_letter_or_digit(text.front())) {
    return "must be letters, digits, '.', '_' and '-', beginning with a letter or digit";
  }
  return text.size() > kMaxName ? fmt::format("is longer than {} characters", kMaxName) : "";
}

std::string problem_with_title(std::string_view text) {
  if (text.front() == ' ' || text.back() == ' ') {
    return "begins or ends with a space";
  }
  return text.size() > kMaxTitle ? fmt::format("is longer than {} bytes", kMaxTitle) : "";
}

}  // namespace

std::string problem_with(TextFormat format, std::string_view text) {
  if (format == TextFormat::any) {
    return {};
  }
  if (text.empty()) {
    return "is empty";
  }
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return "has a control character in it";
  }
  switch (format) {
    case TextFormat::name:
      return problem_with_name(text);
    case TextFormat::title:
      return problem_with_title(text);
    case TextFormat::path:
      return problem_with_path(text);
    case TextFormat::duration:
      return problem_with_duration(text);
    case TextFormat::glob:
      return problem_with_glob(text);
    case TextFormat::regex:
      return problem_with_regex(text);
    case TextFormat::any:
      break;
  }
  return {};
}

}  // namespace baselined::config
