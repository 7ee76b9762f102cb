// Candidates: what the mapping's rule makes a deployment of: a deployment that a forge tells of, a
// job or a run that succeeded, a tag on a commit, or a commit of a branch. Several candidates in a
// row on one commit are one deployment.
//
// A forge and an annotated tag know the time; any other candidate has its commit's, which is a
// guess: the earliest that it can have been. Of each commit only the candidates that know best take
// part: a deployment of a forge before a job, a job before a run, a run before tags and branches;
// where a tag knows its time, guesses say nothing.
//
// Threads: values.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/derive/origin.h"
#include "daemon/derive/repository.h"

namespace baselined::derive {

struct Candidate {
  std::int64_t finished_at = 0;
  std::uint32_t generation = 0;  // of the commit
  Origin origin = Origin::tag;
  std::string name;
  std::int64_t commit_id = 0;
  bool is_guess = false;  // finished_at is no time of its own: a commit's, or near the end

  // Of the candidates of a commit those with the lowest rank take part.
  // Finished then or later: lead times are at least what they seem. The guess of a forge may be
  // late.
  bool is_at_least() const { return is_guess && origin >= Origin::tag; }
  int rank() const {
    return origin < Origin::tag ? static_cast<int>(origin)
                                : static_cast<int>(Origin::tag) + is_guess;
  }
  auto operator<=>(const Candidate&) const = default;  // NOLINT(modernize-use-nullptr)
};

// By time, then ancestors before descendants, then by origin and name. Of each commit only those
// with the lowest rank among these; of those that share time and commit only the first is left.
void put_in_order(std::vector<Candidate>& candidates);

// A deployment of a forge that ended, one way or another.
struct Attempt {
  std::string name;
  std::int64_t at = 0;
  std::string outcome;  // success, failure, cancelled

  auto operator<=>(const Attempt&) const = default;  // NOLINT(modernize-use-nullptr)
};

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

Exclusion excluded_deployment(Origin origin, const std::string& name, std::string reason,
                              std::optional<std::int64_t> at,
                              std::optional<std::int64_t> commit_id);

// A sha that something waits for: a ref by its name, or (both empty) a parent link.
struct Missing {
  Oid sha{};
  std::string_view origin;
  std::string name;
};

}  // namespace baselined::derive
