#include "daemon/derive/extend.h"

#include <algorithm>

#include "daemon/derive/deployments.h"
#include "daemon/derive/refs.h"
#include "daemon/derive/stored_commits.h"

namespace baselined::derive {

namespace {

constexpr std::string_view kRemote = "origin/";

class Extender {
 public:
  Extender(store::Connection& db, Facts& facts, RecordReader& records, const Repository& repository,
           const RepositoryChanges& changes, const Limits& limits, StoredCommits& stored)
      : db_(db),
        facts_(facts),
        records_(records),
        repository_(repository),
        changes_(changes),
        limits_(limits),
        graph_(&stored),
        refs_(changes.refs) {}

  Result<Extension> run();

 private:
  Status take_changed();
  Status compare(const CommitRow& row);
  Status compare_owner(std::int64_t known, const CommitRow& row);
  Result<std::vector<CommitGraph::Index>> parents_of(const CommitBatch& batch,
                                                     const CommitRow& row);
  Result<std::int64_t> first_of(const CommitRow& row);
  Status add_commits();
  Status add_commit(const CommitRow& row);
  Status wake(const Oid& sha);
  Status follow_refs();
  Status follow_named(Origin origin, const std::string& name);
  Status follow_branch(const std::string& branch);
  Status follow_chains(const std::string& branch, const std::set<CommitGraph::Index>& tips,
                       Outcome& outcome);
  Status redeploy_for(const Candidate& candidate);
  Status replace_candidates(const std::vector<Candidate>& removed, const Outcome& outcome);
  Status redeploy();

  void start_over() { result_.must_start_over = true; }

  store::Connection& db_;
  Facts& facts_;
  RecordReader& records_;
  const Repository& repository_;
  const RepositoryChanges& changes_;
  const Limits& limits_;
  CommitGraph graph_;
  std::set<std::pair<Origin, std::string>> refs_;
  std::vector<Missing> missing_;
  bool has_missing_ = false;
  bool must_redeploy_ = false;
  Extension result_;
};

// A collector may tell more about a commit later. Only what facts are made of matters.
Status Extender::compare(const CommitRow& row) {
  BL_TRY(const std::int64_t first, records_.find_commit(repository_, row.sha));
  BL_TRY(const bool is_fact, facts_.has_commit(repository_, row.id));
  if (is_fact != (first == row.id)) {
    start_over();
    return {};
  }
  if (!is_fact) {
    return compare_owner(first, row);
  }
  const CommitGraph::Index index = graph_.index_of(row.id);
  BL_TRY(const CommitGraph::Commit* commit, graph_.get(index));
  if (commit->committed_at != row.committed_at) {
    start_over();
    return {};
  }
  if (commit->is_bot != row.is_bot) {
    BL_CHECK(facts_.set_bot(repository_, row.id, row.is_bot));
    result_.has_changed = true;
  }
  if (!repository_.is_whole()) {  // a merge belongs to nobody, and a shallow clone does not know it
    BL_TRY(const Belongs now, belongs(records_, repository_, row));
    if (now != commit->belongs) {
      start_over();
    }
  }
  if (repository_.is_tracked()) {
    BL_TRY(const std::vector<CommitGraph::Index> now, parents_of(changes_.changed, row));
    BL_TRY(const auto before, graph_.parents(index));
    const bool is_same = std::equal(now.begin(), now.end(), before.begin(), before.end());
    if (!is_same || std::count(now.begin(), now.end(), CommitGraph::kNone) > 0) {
      start_over();
    }
  }
  return {};
}

// A second collector may be the first to tell of a commit's paths.
Status Extender::compare_owner(std::int64_t known, const CommitRow& row) {
  if (repository_.is_whole() || known == 0 || result_.must_start_over) {
    return {};
  }
  BL_TRY(const CommitGraph::Commit* commit, graph_.get(graph_.index_of(known)));
  const Belongs before = commit->belongs;
  BL_TRY(const Belongs now, belongs(records_, repository_, row));
  BL_TRY(const bool tells_first, records_.tells_paths_first(repository_, row));
  // A change may have landed as a merge, which belongs to nobody by itself.
  if (now != before || (row.n_parents > 1 && tells_first)) {
    start_over();
  }
  return {};
}

Status Extender::take_changed() {
  for (const std::int64_t id : changes_.removed) {
    BL_TRY(const bool is_fact, facts_.has_commit(repository_, id));
    if (is_fact || !repository_.is_whole()) {  // who told of its paths, may be
      start_over();
    }
  }
  for (const CommitRow& row : changes_.changed.rows()) {
    if (result_.must_start_over) {
      return {};
    }
    BL_CHECK(compare(row));
  }
  return {};
}

Result<std::vector<CommitGraph::Index>> Extender::parents_of(const CommitBatch& batch,
                                                             const CommitRow& row) {
  std::vector<CommitGraph::Index> parents;
  for (const Oid& sha : batch.parents_of(row)) {
    BL_TRY(const std::int64_t id, records_.find_commit(repository_, sha));
    parents.push_back(id == 0 ? CommitGraph::kNone : graph_.index_of(id));
    if (id == 0) {
      missing_.push_back({sha, {}, {}});
    }
  }
  return parents;
}

// Refs that waited for a commit are looked at again; a parent link that waited changes the graph.
Status Extender::wake(const Oid& sha) {
  BL_TRY(const std::vector<Missing> waiting, facts_.waiting_for(repository_, sha));
  for (const Missing& wait : waiting) {
    if (wait.origin.empty()) {
      start_over();
    } else {
      refs_.emplace(origin_of(wait.origin), wait.name);
    }
  }
  return {};
}

Status Extender::add_commit(const CommitRow& row) {
  const CommitGraph::Index index = graph_.index_of(row.id);
  graph_.at(index).is_loaded = true;
  graph_.at(index).committed_at = row.committed_at;
  graph_.at(index).is_bot = row.is_bot;
  BL_TRY(graph_.at(index).belongs, belongs(records_, repository_, row));
  if (repository_.is_tracked()) {
    BL_TRY(const std::vector<CommitGraph::Index> parents, parents_of(changes_.added, row));
    graph_.set_parents(index, parents);
    if (has_missing_) {
      BL_CHECK(wake(row.sha));
    }
  }
  return {};
}

// The record of the commit that counts: whichever collector was first.
Result<std::int64_t> Extender::first_of(const CommitRow& row) {
  return repository_.sources.size() == 1 ? row.id : records_.find_commit(repository_, row.sha);
}

Status Extender::add_commits() {
  BL_TRY(has_missing_, facts_.has_missing(repository_));
  std::vector<CommitGraph::Index> added;
  for (const CommitRow& row : changes_.added.rows()) {
    BL_TRY(const std::int64_t first, first_of(row));
    if (first == row.id) {
      added.push_back(graph_.index_of(row.id));
      BL_CHECK(add_commit(row));
    } else {
      BL_CHECK(compare_owner(first, row));
    }
    if (result_.must_start_over) {
      return {};
    }
  }
  for (const CommitGraph::Index index : added) {
    if (repository_.is_tracked()) {
      BL_CHECK(graph_.number(index));
    }
    BL_CHECK(facts_.add_commit(repository_, graph_, index, nullptr, 0));
  }
  result_.has_changed = result_.has_changed || !added.empty();
  return facts_.add_missing(repository_, missing_);
}

// It also decides whether those that know less about its commit count.
Status Extender::redeploy_for(const Candidate& candidate) {
  std::int64_t from = candidate.finished_at;
  BL_TRY(const auto outranked, facts_.first_outranked(repository_, candidate));
  from = std::min(from, outranked.value_or(from));
  result_.redeployed_from = std::min(result_.redeployed_from, from);
  must_redeploy_ = true;
  return {};
}

Status Extender::replace_candidates(const std::vector<Candidate>& removed, const Outcome& outcome) {
  for (const Candidate& candidate : removed) {
    BL_CHECK(facts_.erase_candidate(repository_, candidate));
  }
  BL_CHECK(facts_.add_candidates(repository_, outcome.candidates));
  for (const auto* candidates : {&removed, &outcome.candidates}) {
    for (const Candidate& candidate : *candidates) {
      BL_CHECK(redeploy_for(candidate));
    }
  }
  BL_CHECK(facts_.add_exclusions(repository_, outcome.exclusions));
  BL_CHECK(facts_.add_missing(repository_, outcome.missing));
  result_.has_changed = true;
  return {};
}

// A tag, or what a forge tells of.
Status Extender::follow_named(Origin origin, const std::string& name) {
  Outcome outcome;
  if (origin == Origin::tag) {
    BL_CHECK(read_tags(records_, graph_, repository_, name, outcome));
  } else {
    BL_CHECK(read_deployments(records_, graph_, repository_, origin, name, outcome));
  }
  BL_TRY(std::vector<Candidate> before, facts_.candidates_named(repository_, origin, name));
  std::sort(before.begin(), before.end());
  std::sort(outcome.candidates.begin(), outcome.candidates.end());
  std::vector<Candidate> removed;
  std::vector<Candidate> added;
  std::set_difference(before.begin(), before.end(), outcome.candidates.begin(),
                      outcome.candidates.end(), std::back_inserter(removed));
  std::set_difference(outcome.candidates.begin(), outcome.candidates.end(), before.begin(),
                      before.end(), std::back_inserter(added));
  outcome.candidates = std::move(added);
  BL_CHECK(facts_.erase_exclusions(repository_, origin, name, std::nullopt));
  BL_CHECK(facts_.erase_missing(repository_, origin, name));
  if (origin == Origin::api) {
    BL_CHECK(facts_.erase_attempt(repository_, name));
    BL_CHECK(facts_.add_attempts(repository_, outcome.attempts));
  }
  return replace_candidates(removed, outcome);
}

Status Extender::follow_branch(const std::string& branch) {
  Outcome outcome;
  BL_TRY(const auto tips, read_tips(records_, graph_, repository_, branch, outcome));
  BL_CHECK(facts_.erase_exclusions(repository_, Origin::branch, branch, std::nullopt));
  BL_CHECK(facts_.erase_missing(repository_, Origin::branch, branch));
  return follow_chains(branch, tips, outcome);
}

Status Extender::follow_chains(const std::string& branch, const std::set<CommitGraph::Index>& tips,
                               Outcome& outcome) {
  BL_TRY(const std::vector<std::int64_t> ids_before, facts_.tips(repository_, branch));
  if (ids_before.empty() != tips.empty()) {
    start_over();  // the whole chain came or went
    return {};
  }
  std::set<CommitGraph::Index> before;
  for (const std::int64_t id : ids_before) {
    before.insert(graph_.index_of(id));
  }
  BL_TRY(const ChainDifference chains, compare_chains(graph_, before, tips));
  std::vector<std::int64_t> ids;
  ids.reserve(tips.size());
  for (const CommitGraph::Index tip : tips) {
    ids.push_back(graph_.at(tip).id);
  }
  BL_CHECK(facts_.set_tips(repository_, branch, ids));
  for (const CommitGraph::Index index : chains.added) {
    add_branch_commit(graph_.at(index), branch, outcome);
  }
  Outcome gone;
  for (const CommitGraph::Index index : chains.removed) {
    add_branch_commit(graph_.at(index), branch, gone);
  }
  for (const Exclusion& exclusion : gone.exclusions) {
    BL_CHECK(facts_.erase_exclusions(repository_, Origin::branch, branch, exclusion.commit_id));
  }
  return replace_candidates(gone.candidates, outcome);
}

Status Extender::follow_refs() {
  const auto n_deployments = std::count_if(refs_.begin(), refs_.end(),
                                           [](const auto& ref) { return ref.first < Origin::tag; });
  if (n_deployments > limits_.followed_deployments) {
    start_over();
    return {};
  }
  std::set<std::string> branches;
  const std::set<std::string> deployed = deployment_branches(*repository_.rule);
  for (const auto& [origin, name] : refs_) {
    if (origin < Origin::tag ||
        (origin == Origin::tag && is_deployment_tag(*repository_.rule, name))) {
      BL_CHECK(follow_named(origin, name));
    }
    if (origin == Origin::branch) {
      branches.insert(name);
      if (name.starts_with(kRemote)) {
        branches.insert(name.substr(kRemote.size()));
      }
    }
  }
  for (const std::string& branch : deployed) {
    if (branches.count(branch) != 0 && !result_.must_start_over) {
      BL_CHECK(follow_branch(branch));
    }
  }
  return {};
}

Status Extender::redeploy() {
  const std::int64_t from = result_.redeployed_from;
  BL_TRY(const Facts::Last last, facts_.last_before(repository_, from));
  if (last.id == 0 || last.walked_after > limits_.walk_commits) {
    start_over();
    return {};
  }
  BL_CHECK(facts_.take_back(repository_, from));
  BL_TRY(std::vector<Candidate> candidates, facts_.candidates_from(repository_, from));
  put_in_order(candidates);
  // A graph of its own: what was loaded before does not know what was taken back.
  BL_TRY(StoredCommits stored, StoredCommits::create(db_, repository_.id));
  CommitGraph graph(&stored);
  Shipping shipping(graph, graph.index_of(last.commit_id));
  for (const Candidate& candidate : candidates) {
    BL_CHECK(shipping.deploy(candidate));
    if (graph.size() > static_cast<std::size_t>(limits_.walk_commits)) {
      start_over();
      return {};
    }
  }
  BL_TRY(const std::int64_t first_id, facts_.next_deployment_id());
  for (const CommitGraph::Index index : shipping.shipped()) {
    const CommitGraph::Index by = graph.at(index).shipped_by;
    BL_CHECK(facts_.ship(repository_, graph.at(index), shipping.deployments()[by], first_id + by));
  }
  return facts_.add_deployments(repository_, shipping.deployments(), first_id, last);
}

Result<Extension> Extender::run() {
  BL_CHECK(take_changed());
  if (!result_.must_start_over) {
    BL_CHECK(add_commits());
  }
  if (repository_.is_tracked() && !result_.must_start_over) {
    BL_CHECK(follow_refs());
    if (must_redeploy_ && !result_.must_start_over) {
      BL_CHECK(redeploy());
    }
  } else if (repository_.rule != nullptr && !result_.must_start_over) {
    BL_TRY(const std::vector<Exclusion> exclusions, exclude_all(records_, repository_));
    BL_CHECK(facts_.erase_deployment_exclusions(repository_));
    BL_CHECK(facts_.add_exclusions(repository_, exclusions));
    result_.has_changed = true;
  }
  if (result_.has_changed && !result_.must_start_over) {
    BL_CHECK(facts_.refresh_commit_exclusion(repository_));
  }
  return result_;
}

}  // namespace

Result<Extension> extend(store::Connection& db, Facts& facts, RecordReader& records,
                         const Repository& repository, const RepositoryChanges& changes,
                         const Limits& limits) {
  BL_TRY(StoredCommits stored, StoredCommits::create(db, repository.id));
  return Extender(db, facts, records, repository, changes, limits, stored).run();
}

}  // namespace baselined::derive
