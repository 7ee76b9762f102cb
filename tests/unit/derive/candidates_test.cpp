#include "daemon/derive/candidates.h"

#include <gtest/gtest.h>

#include <limits>

#include "daemon/derive/shipping.h"

namespace baselined::derive {
namespace {

std::string names(std::vector<Candidate> candidates) {
  put_in_order(candidates);
  std::string text;
  for (const Candidate& candidate : candidates) {
    text += candidate.name + " ";
  }
  return text;
}

TEST(Candidates, GoByTimeThenGenerationThenOriginThenName) {
  EXPECT_EQ(names({{5, 1, Origin::branch, "d", 4},
                   {5, 2, Origin::tag, "e", 5},
                   {5, 1, Origin::tag, "c", 3},
                   {5, 1, Origin::tag, "b", 2},
                   {4, 9, Origin::branch, "a", 1}}),
            "a b c d e ");
}

TEST(Candidates, OneCommitAtOneTimeIsLeftOnce) {
  EXPECT_EQ(names({{5, 1, Origin::tag, "c", 1},
                   {5, 1, Origin::tag, "b", 2},
                   {5, 1, Origin::tag, "a", 1},
                   {6, 1, Origin::tag, "d", 1}}),
            "a b d ");
}

TEST(Candidates, GuessGivesWayToAKnownTimeOfItsCommit) {
  EXPECT_EQ(names({{5, 1, Origin::tag, "guess", 1, true},
                   {5, 1, Origin::branch, "main", 1, true},
                   {9, 1, Origin::tag, "known", 1, false},
                   {6, 2, Origin::tag, "other", 2, true}}),
            "other known ");
}

TEST(Candidates, WhereAForgeTellsOfACommitNothingElseCounts) {
  EXPECT_EQ(names({{9, 1, Origin::api, "live #2", 1, true},
                   {8, 1, Origin::api, "live #1", 1},
                   {5, 1, Origin::tag, "v1", 1},
                   {4, 1, Origin::branch, "main", 1, true},
                   {6, 2, Origin::tag, "v2", 2}}),
            "v2 live #1 live #2 ");
}

TEST(Lead, TakesAnyTimeThatGitCanHold) {
  CommitGraph::Commit commit;
  Deployment deployment;
  commit.committed_at = std::numeric_limits<std::int64_t>::min() + 1;
  deployment.candidate.finished_at = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(lead_of(commit, deployment).us, std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(lead_of(commit, deployment).is_clamped);
  commit.committed_at = -5;
  deployment.candidate.finished_at = -2;
  EXPECT_EQ(lead_of(commit, deployment).us, 3);
}

}  // namespace
}  // namespace baselined::derive
