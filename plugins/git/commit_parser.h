// The header lines of commit and tag objects, parsed from their raw bytes.
//
// Everything is a view into the object's bytes and lives as long as they do. The message is never
// looked at. Malformed input gives false or a missing time, never an exception: history holds
// commits that no git of today would write.
#pragma once

#include <git2.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace baselined::git {

// "Missing": the object has no date there, or one that does not fit.
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

struct Ident {
  std::string_view name;
  std::string_view email;
  std::int64_t seconds = kNoTime;  // since 1970, UTC
};

struct ParsedCommit {
  git_oid tree{};
  std::vector<git_oid> parents;  // first parent first
  Ident author;
  Ident committer;
};

struct ParsedTag {
  git_oid target{};
  Ident tagger;  // empty when the tag has none
};

// "Name <e-mail> seconds zone", split where git log splits it.
Ident parse_ident(std::string_view line);

// False when there is no tree or a parent's id is malformed. Reuses the memory of out.
bool parse_commit(std::string_view object, ParsedCommit& out);
bool parse_tag(std::string_view object, ParsedTag& out);

// Seconds as the microseconds of the ABI; missing when they do not fit.
std::optional<std::int64_t> to_microseconds(std::int64_t seconds);

}  // namespace baselined::git
