// What could not be read of a repository: how many objects, and words about the first of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baselined::git {

struct Damage {
  std::uint64_t objects = 0;
  std::string first;  // empty when there is none

  void note(std::string_view what) {
    if (objects++ == 0) {
      first = what;
    }
  }
  bool is_none() const { return objects == 0; }

  // "commit 12ab... is missing (and 3 more)"; empty when there is none.
  std::string text() const {
    return objects <= 1 ? first : first + " (and " + std::to_string(objects - 1) + " more)";
  }
};

}  // namespace baselined::git
