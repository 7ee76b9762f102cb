// What a finished collection of a repository leaves behind, under the repository's path: "1 <refs>
// <settings> <identity>". When nothing of it changed there is nothing to do.
//
// Values; pure functions. A cursor that is not understood is an empty one: everything is read
// again.
#pragma once

#include <string>
#include <string_view>

namespace baselined::git {

struct Cursor {
  std::string refs;      // fingerprint of all refs
  std::string settings;  // fingerprint of what decides how a row looks and where history ends
  std::string identity;

  friend bool operator==(const Cursor&, const Cursor&) = default;
};

std::string encode(const Cursor& cursor);
Cursor decode_cursor(std::string_view text);

}  // namespace baselined::git
