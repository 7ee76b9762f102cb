#include "daemon/derive/whole.h"

#include "daemon/derive/deployments.h"
#include "daemon/derive/refs.h"

namespace baselined::derive {

namespace {

class WholeRepository {
 public:
  WholeRepository(Facts& facts, RecordReader& records, const Repository& repository)
      : facts_(facts), records_(records), repository_(repository), shipping_(graph_, kNone) {}

  Status run(CommitBatch commits);

 private:
  static constexpr CommitGraph::Index kNone = CommitGraph::kNone;

  Status read_graph(CommitBatch commits);
  Status find_owners(const CommitBatch& commits);
  Status read_refs();
  Status read_branch(const std::string& branch);
  Status deploy();
  Status write();

  Facts& facts_;
  RecordReader& records_;
  const Repository& repository_;
  CommitGraph graph_;
  Outcome outcome_;
  Shipping shipping_;
};

Status WholeRepository::read_graph(CommitBatch commits) {
  if (!repository_.is_tracked()) {
    commits.build_commits(graph_);
    return find_owners(commits);
  }
  std::vector<Oid> missing;
  commits.build_graph(graph_, missing);
  for (const Oid& sha : missing) {
    outcome_.missing.push_back({sha, {}, {}});
  }
  for (CommitGraph::Index index = 0; index < graph_.size(); ++index) {
    BL_CHECK(graph_.number(index));
  }
  return find_owners(commits);
}

// The batch is in the order of the graph.
Status WholeRepository::find_owners(const CommitBatch& commits) {
  if (repository_.is_whole()) {
    return {};
  }
  for (CommitGraph::Index index = 0; index < graph_.size(); ++index) {
    const CommitRow& row = commits.rows()[index];
    BL_TRY(graph_.at(index).belongs, belongs(records_, repository_, row));
  }
  return {};
}

Status WholeRepository::read_branch(const std::string& branch) {
  BL_TRY(const auto tips, read_tips(records_, graph_, repository_, branch, outcome_));
  BL_TRY(const ChainDifference chains, compare_chains(graph_, {}, tips));
  for (const CommitGraph::Index index : chains.added) {
    add_branch_commit(graph_.at(index), branch, outcome_);
  }
  std::vector<std::int64_t> ids;
  ids.reserve(tips.size());
  for (const CommitGraph::Index tip : tips) {
    ids.push_back(graph_.at(tip).id);
  }
  return facts_.set_tips(repository_, branch, ids);
}

Status WholeRepository::read_refs() {
  if (repository_.is_tracked()) {
    for (const Origin origin : kForgeOrigins) {
      BL_CHECK(read_deployments(records_, graph_, repository_, origin, std::nullopt, outcome_));
    }
    BL_CHECK(read_tags(records_, graph_, repository_, std::nullopt, outcome_));
    for (const std::string& branch : deployment_branches(*repository_.rule)) {
      BL_CHECK(read_branch(branch));
    }
  } else if (repository_.rule != nullptr) {
    BL_TRY(outcome_.exclusions, exclude_all(records_, repository_));
  }
  return {};
}

Status WholeRepository::deploy() {
  BL_CHECK(facts_.add_candidates(repository_, outcome_.candidates));
  put_in_order(outcome_.candidates);
  for (const Candidate& candidate : outcome_.candidates) {
    BL_CHECK(shipping_.deploy(candidate));
  }
  return {};
}

Status WholeRepository::write() {
  BL_TRY(const std::int64_t first_id, facts_.next_deployment_id());
  const std::vector<Deployment>& deployments = shipping_.deployments();
  for (CommitGraph::Index index = 0; index < graph_.size(); ++index) {
    const CommitGraph::Index by = graph_.at(index).shipped_by;
    BL_CHECK(facts_.add_commit(repository_, graph_, index, by == kNone ? nullptr : &deployments[by],
                               first_id + by));
  }
  BL_CHECK(facts_.add_deployments(repository_, deployments, first_id, {}));
  BL_CHECK(facts_.add_exclusions(repository_, outcome_.exclusions));
  BL_CHECK(facts_.add_attempts(repository_, outcome_.attempts));
  return facts_.add_missing(repository_, outcome_.missing);
}

Status WholeRepository::run(CommitBatch commits) {
  BL_CHECK(read_graph(std::move(commits)));
  BL_CHECK(read_refs());
  BL_CHECK(deploy());
  return write();
}

}  // namespace

Status derive_whole(Facts& facts, RecordReader& records, const Repository& repository,
                    CommitBatch commits) {
  return WholeRepository(facts, records, repository).run(std::move(commits));
}

}  // namespace baselined::derive
