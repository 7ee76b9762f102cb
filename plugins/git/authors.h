// The authors of a run, each once: e-mail address for the host, and whether it is a bot.
//
// A history has a thousand times more commits than authors, so the pattern is matched once per
// author. Owned by one run; not thread-safe.
#pragma once

#include <cstdint>
#include <regex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "commit_parser.h"

namespace baselined::git {

struct Author {
  std::string email;  // lower case, valid UTF-8; empty when the commit has none
  bool is_bot = false;
};

class Authors {
 public:
  // bots is borrowed.
  explicit Authors(const std::regex& bots) : bots_(bots) {}

  // The number of this author, for at().
  std::uint32_t number(const Ident& ident);
  const Author& at(std::uint32_t number) const { return authors_[number]; }

 private:
  const std::regex& bots_;
  std::string key_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<Author> authors_;
};

}  // namespace baselined::git
