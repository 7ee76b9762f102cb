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

Trailer named(std::string_view role, std::string_view text) {
  constexpr std::string_view kDeployment = "deployment ";
  if (text.starts_with('!') && is_number(text.substr(1))) {
    return {role, "change", std::string(text.substr(1))};
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
      if (!name.empty() && name.size() <= kLongestName && is_one_word) {
        trailers.push_back(named(role, name));
      }
    }
  }
  return trailers;
}

}  // namespace baselined::gitlab
