// Shipping: walks deployments in order and finds what each shipped: the ancestors of its head that
// no earlier deployment had. Every commit is visited once, over all deployments together.
//
// The first deployment is the seed: it fills the set and says nothing about lead time. A head that
// was deployed before, or is an ancestor of the head before it, ships nothing; it is a rollback,
// unless it contains the head before it: then what was rolled back comes again.
// Ownership: the graph must outlive the walk.
// Threads: one thread at a time.
// Errors: those of the graph.
#pragma once

#include <optional>
#include <vector>

#include "daemon/derive/candidates.h"
#include "daemon/derive/commit_graph.h"

namespace baselined::derive {

struct Deployment {
  Candidate candidate;
  bool is_seed = false;
  bool is_rollback = false;
  std::uint32_t walked = 0;        // commits
  std::uint32_t shipped = 0;       // of them those that belong to the service
  std::uint32_t without_time = 0;  // of those, so that their lead time is not known
};

// later - earlier, at most the largest number: git's dates may be anything.
std::int64_t difference(std::int64_t later, std::int64_t earlier);

// From commit to deployment. A commit that is younger than its deployment has lead time 0.
struct Lead {
  std::optional<std::int64_t> us;  // nothing: a seed, or no time is known
  bool is_clamped = false;
};
Lead lead_of(const CommitGraph::Commit& commit, const Deployment& deployment);

class Shipping {
 public:
  // previous_head: of the last stored deployment; kNone: the next one is the seed.
  Shipping(CommitGraph& graph, CommitGraph::Index previous_head)
      : graph_(graph), previous_head_(previous_head) {}

  // Candidates in order. One on the previous head is no deployment of its own.
  Status deploy(const Candidate& candidate);

  const std::vector<Deployment>& deployments() const { return deployments_; }
  // All commits shipped; Commit::shipped_by is the position in deployments().
  const std::vector<CommitGraph::Index>& shipped() const { return shipped_; }

 private:
  Status ship(CommitGraph::Index head, Deployment& deployment);
  Result<bool> is_rollback(CommitGraph::Index head);

  CommitGraph& graph_;
  CommitGraph::Index previous_head_;
  std::vector<Deployment> deployments_;
  std::vector<CommitGraph::Index> shipped_;
  std::vector<CommitGraph::Index> open_;
};

}  // namespace baselined::derive
