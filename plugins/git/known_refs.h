// What earlier runs collected of a repository, as the host's open set keeps it: one key per row of
// ref/1 that exists, and one per other tip.
//
//   "tag <target> <commit> <seconds> <name>", "other <commit> <commit> <seconds>"
//
// All commits that can be reached from these are stored. A moved tag stays here with its old
// target, because its old row stays. Values; pure functions; a key that is not understood is left
// out, which costs a wider walk and loses nothing.
#pragma once

#include <git2.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "refs.h"

namespace baselined::git {

struct KnownRef {
  Ref ref;
  git_oid commit{};
  std::int64_t committed_seconds = kNoTime;
};

std::string encode(const KnownRef& known);
std::optional<KnownRef> decode_known_ref(std::string_view key);

// The same row of ref/1 (or the same other tip)? An order for sets.
bool is_before(const Ref& left, const Ref& right);

// A tip of what a run that did not finish has stored already: "<settings> <commit> <seconds>".
// Only a run with the same settings may go on from it.
struct Checkpoint {
  std::string settings;
  git_oid commit{};
  std::int64_t committed_seconds = kNoTime;
};

std::string encode(const Checkpoint& checkpoint);
std::optional<Checkpoint> decode_checkpoint(std::string_view key);

}  // namespace baselined::git
