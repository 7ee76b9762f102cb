// Writes the facts of one repository at a time. Statements are prepared once per update.
// Threads: the thread that owns the write connection.
// Errors: those of the store.
#pragma once

#include <memory>
#include <span>

#include "daemon/derive/candidates.h"
#include "daemon/derive/commit_graph.h"
#include "daemon/derive/shipping.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

class Statements;

class Facts {
 public:
  static Result<Facts> create(store::Connection& db);

  // Everything that was derived for this repository. reconcile() owns what is left.
  Status erase(const Repository& repository);

  // The commit as the graph has it, not shipped. Without a graph, generation is 0.
  Status add_commit(const Repository& repository, CommitGraph& graph, CommitGraph::Index index,
                    const Deployment* deployment, std::int64_t deployment_id);
  Result<std::int64_t> count_commits(const Repository& repository);
  Result<bool> has_commit(const Repository& repository, std::int64_t commit_id);
  Status set_bot(const Repository& repository, std::int64_t commit_id, bool is_bot);
  Status ship(const Repository& repository, const CommitGraph::Commit& commit,
              const Deployment& deployment, std::int64_t deployment_id);
  // Takes back what this repository deployed at or after this time.
  Status take_back(const Repository& repository, std::int64_t from);

  struct Last {
    std::int64_t id = 0;  // 0: none
    std::int64_t commit_id = 0;
    std::int64_t finished_at = 0;
    std::int64_t walked_after = 0;  // commits, by the deployments at or after the time
  };
  // The last deployment of the repository before this time.
  Result<Last> last_before(const Repository& repository, std::int64_t time);
  // Deployments get ids from first_id on; the first follows `last`.
  Status add_deployments(const Repository& repository, std::span<const Deployment> deployments,
                         std::int64_t first_id, const Last& last);
  Result<std::int64_t> next_deployment_id();

  Status add_candidates(const Repository& repository, std::span<const Candidate> candidates);
  Status erase_candidate(const Repository& repository, const Candidate& candidate);
  // Not of branches.
  Result<std::vector<Candidate>> candidates_named(const Repository& repository, Origin origin,
                                                  const std::string& name);
  // The first time of a candidate of the same commit that takes no part because of this one.
  Result<std::optional<std::int64_t>> first_outranked(const Repository& repository,
                                                      const Candidate& by);
  // Not in order; of each commit those with the lowest rank.
  Result<std::vector<Candidate>> candidates_from(const Repository& repository, std::int64_t from);

  Status add_attempts(const Repository& repository, std::span<const Attempt> attempts);
  Status erase_attempt(const Repository& repository, const std::string& name);

  Status add_exclusions(const Repository& repository, std::span<const Exclusion> exclusions);
  // Of deployments by this ref: those of one commit of a branch, or those without a commit.
  Status erase_exclusions(const Repository& repository, Origin origin, const std::string& name,
                          std::optional<std::int64_t> commit_id);
  Status erase_deployment_exclusions(const Repository& repository);
  // Counts the repository's commits without a time again, and those nobody knows the service of.
  Status refresh_commit_exclusion(const Repository& repository);

  Status add_missing(const Repository& repository, std::span<const Missing> missing);
  Status erase_missing(const Repository& repository, Origin origin, const std::string& name);
  Result<bool> has_missing(const Repository& repository);
  // What waits for this commit.
  Result<std::vector<Missing>> waiting_for(const Repository& repository, const Oid& sha);

  Status set_tips(const Repository& repository, const std::string& branch,
                  std::span<const std::int64_t> tips);
  Result<std::vector<std::int64_t>> tips(const Repository& repository, const std::string& branch);

 private:
  explicit Facts(std::shared_ptr<Statements> statements);
  Status exclude_unknown_leads(const Repository& repository, const Deployment& deployment);

  std::shared_ptr<Statements> statements_;
};

}  // namespace baselined::derive
