#include "trailers.h"

#include <algorithm>
#include <array>
#include <utility>

namespace baselined::gitlab {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kRoles{
    {{"caused-by:", "caused_by"}, {"fixed-by:", "fixed_by"}}};
constexpr std::size_t kShaSize = 40;
constexpr std::size_t kLongestName = 255;  // of a ref in GitLab

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), [](char wanted, char c) {
           return c == wanted || (c >= 'A' && c <= 'Z' && c + ('a' - 'A') == wanted);
         });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "1.2.3", "v2", "1.0.0-rc.1": numbers between dots, and what follows a - or +.
bool is_version(std::string_view text) {
  if (text.starts_with('v')) {
    text.remove_prefix(1);
  }
  text = text.substr(0, text.find_first_of("-+"));
  bool was_digit = false;
  for (const char c : text) {
    if (!is_digit(c) && (c != '.' || !was_digit)) {
      return false;
    }
    was_digit = is_digit(c);
  }
  return was_digit;
}

// People stand in such a line as well, and must not enter the store: "@ada", "ada@example.org",
// "Ada". A tag has a number that begins a word of it, or follows its v; what follows an @ is a
// version ("pkg@1.2.3").
bool may_be_tag(std::string_view text) {
  if (text.find_first_of(":~^?*[\\") != std::string_view::npos) {
    return false;  // in no ref: a URL, say
  }
  const std::size_t sign = text.rfind('@');
  if (sign != std::string_view::npos) {
    return is_version(text.substr(sign + 1));
  }
  bool begins = true;
  for (const char c : text) {
    if (begins && is_digit(c)) {
      return true;
    }
    begins = begins ? c == 'v' || !is_letter(c) : !is_letter(c) && !is_digit(c);
  }
  return false;
}

Trailer named(std::string_view role, std::string_view text) {
  constexpr std::string_view kDeployment = "deployment ";
  if (text.starts_with('!') && is_number(text.substr(1))) {
    return {role, "change", std::string(text)};
  }
  if (starts_with_word(text, kDeployment) && is_number(trimmed(text.substr(kDeployment.size())))) {
    return {role, "deployment", std::string(trimmed(text.substr(kDeployment.size())))};
  }
  const bool is_sha = text.size() == kShaSize &&
                      text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return {role, is_sha ? "sha" : "tag", std::string(text)};
}

}  // namespace

std::vector<Trailer> parse_trailers(std::string_view description) {
  std::vector<Trailer> trailers;
  while (!description.empty()) {
    const std::size_t end = std::min(description.find('\n'), description.size());
    const std::string_view line = trimmed(description.substr(0, end));
    description.remove_prefix(std::min(end + 1, description.size()));
    for (const auto& [word, role] : kRoles) {
      if (!starts_with_word(line, word)) {
        continue;
      }
      const std::string_view name = trimmed(line.substr(word.size()));
      const bool is_one_word = name.find_first_of(" \t") == std::string_view::npos ||
                               starts_with_word(name, "deployment ");
      if (name.empty() || name.size() > kLongestName || !is_one_word) {
        continue;
      }
      if (Trailer trailer = named(role, name);
          trailer.refers_to != "tag" || may_be_tag(trailer.name)) {
        trailers.push_back(std::move(trailer));
      }
    }
  }
  return trailers;
}

}  // namespace baselined::gitlab
