#include "authors.h"

#include "text.h"

namespace baselined::git {
namespace {

// std::regex recurses once per character: a name of a megabyte would end the process.
constexpr std::size_t kMatchedBytes = 512;

bool matches(const std::regex& pattern, std::string_view text) {
  text = text.substr(0, kMatchedBytes);
  return std::regex_search(text.begin(), text.end(), pattern);
}

}  // namespace

std::uint32_t Authors::number(const Ident& ident) {
  key_.assign(ident.name);
  key_ += '<';  // never part of a name
  key_ += ident.email;
  const auto [entry, is_new] =
      numbers_.try_emplace(key_, static_cast<std::uint32_t>(authors_.size()));
  if (is_new) {
    authors_.push_back({.email = make_utf8(lower_ascii(std::string(ident.email))),
                        .is_bot = matches(bots_, ident.name) || matches(bots_, ident.email)});
  }
  return entry->second;
}

}  // namespace baselined::git
