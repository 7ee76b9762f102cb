// From refs to candidates: which tags and branch commits count as deployments of a repository, and
// which would but cannot, and why.
//
// A tag counts from when it was made, a lightweight one from its commit's time, which is a guess;
// moved tags leave two rows and both count. A branch counts with every commit of the first-parent
// chain of its tip, each at its commit's time.
// Threads: the thread of the connection.
// Errors: those of the store.
#pragma once

#include <map>
#include <set>

#include "daemon/derive/candidates.h"
#include "daemon/derive/commit_graph.h"
#include "daemon/derive/record_reader.h"

namespace baselined::derive {

struct Outcome {
  std::vector<Candidate> candidates;
  std::vector<Exclusion> exclusions;
  std::vector<Missing> missing;
  std::vector<Attempt> attempts;
};

bool is_deployment_tag(const ServiceRule& rule, std::string_view name);
// Each branch of the rule once.
std::set<std::string> deployment_branches(const ServiceRule& rule);

// Of one tag, or of all.
Status read_tags(RecordReader& records, CommitGraph& graph, const Repository& repository,
                 const std::optional<std::string>& name, Outcome& outcome);

// The commits that a branch of the rule leads to now. Tips that were not collected are excluded.
Result<std::set<CommitGraph::Index>> read_tips(RecordReader& records, CommitGraph& graph,
                                               const Repository& repository,
                                               const std::string& branch, Outcome& outcome);

// How the first-parent chains of a branch changed, in any order of commits.
struct ChainDifference {
  std::vector<CommitGraph::Index> added;
  std::vector<CommitGraph::Index> removed;
};
// Costs as many steps as there are differences.
Result<ChainDifference> compare_chains(CommitGraph& graph,
                                       const std::set<CommitGraph::Index>& old_tips,
                                       const std::set<CommitGraph::Index>& new_tips);

// A commit of a branch's chain is a candidate, unless its time is unknown.
void add_branch_commit(const CommitGraph::Commit& commit, const std::string& branch,
                       Outcome& outcome);

// For a repository that cannot have deployments yet: everything that its rule names is excluded.
Result<std::vector<Exclusion>> exclude_all(RecordReader& records, const Repository& repository);

}  // namespace baselined::derive
