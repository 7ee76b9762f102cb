// Candidates: what the mapping's rule makes a deployment of: a tag on a commit, or a commit of a
// branch. Several candidates in a row on one commit are one deployment.
//
// Only an annotated tag knows its time; any other candidate has its commit's, which is a guess: the
// earliest that it can have been. Where one candidate of a commit knows its time, guesses about
// that commit take no part.
//
// Threads: values.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/derive/repository.h"

namespace baselined::derive {

enum class Origin : std::uint8_t { tag, branch };
std::string_view to_string(Origin origin);

struct Candidate {
  std::int64_t finished_at = 0;
  std::uint32_t generation = 0;  // of the commit
  Origin origin = Origin::tag;
  std::string name;
  std::int64_t commit_id = 0;
  bool is_guess = false;  // finished_at is the commit's time

  auto operator<=>(const Candidate&) const = default;  // NOLINT(modernize-use-nullptr)
};

// By time, then ancestors before descendants, then tags before branches, then by name. Without
// guesses about a commit that has a known time among these; of those that share time and commit
// only the first is left.
void put_in_order(std::vector<Candidate>& candidates);

// What would have counted but cannot, with its reason.
struct Exclusion {
  std::string_view fact;
  std::optional<std::int64_t> at;
  std::string reason;
  std::int64_t n = 1;
  std::string_view origin;  // of a deployment; empty for others
  std::string name;
  std::optional<std::int64_t> commit_id;  // of a branch's commit
};

constexpr std::string_view kDeploymentFact = "deployment";
constexpr std::string_view kLeadTimeFact = "lead_time";
constexpr std::string_view kCommitFact = "commit";

// A sha that something waits for: a ref by its name, or (both empty) a parent link.
struct Missing {
  Oid sha{};
  std::string_view origin;
  std::string name;
};

}  // namespace baselined::derive
