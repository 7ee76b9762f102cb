#include "daemon/derive/refs.h"

#include <algorithm>

#include "daemon/base/glob.h"
#include "daemon/derive/deployments.h"

namespace baselined::derive {

namespace {

// One tag on one commit, however many collectors or tag objects say so.
struct TagAt {
  std::optional<std::int64_t> tagged_at;  // the earliest
};

using TagsByCommit = std::map<std::pair<std::string, Oid>, TagAt>;

Result<TagsByCommit> tags_by_commit(RecordReader& records, const Repository& repository,
                                    bool only_complete, const std::optional<std::string>& name) {
  BL_TRY(std::vector<RefRow> rows, records.tags(repository, only_complete, name));
  TagsByCommit tags;
  for (RefRow& row : rows) {
    if (!is_deployment_tag(*repository.rule, row.name)) {
      continue;
    }
    TagAt& tag = tags[{std::move(row.name), row.sha}];
    if (row.tagged_at) {
      tag.tagged_at = std::min(tag.tagged_at.value_or(*row.tagged_at), *row.tagged_at);
    }
  }
  return tags;
}

// Known by the tag, or the guess that is left.
std::optional<std::int64_t> finished_at(const TagAt& tag,
                                        const std::optional<std::int64_t>& committed_at) {
  return tag.tagged_at ? tag.tagged_at : committed_at;
}

}  // namespace

bool is_deployment_tag(const ServiceRule& rule, std::string_view name) {
  return any_glob_matches(rule.deployment_tags, name);
}

std::set<std::string> deployment_branches(const ServiceRule& rule) {
  return {rule.deployment_branches.begin(), rule.deployment_branches.end()};
}

Status read_tags(RecordReader& records, CommitGraph& graph, const Repository& repository,
                 const std::optional<std::string>& name, Outcome& outcome) {
  BL_TRY(const TagsByCommit tags, tags_by_commit(records, repository, true, name));
  for (const auto& [key, tag] : tags) {
    BL_TRY(const std::int64_t id, records.find_commit(repository, key.second));
    if (id == 0) {
      outcome.exclusions.push_back(excluded_deployment(
          Origin::tag, key.first, "tag on a commit that was not collected", tag.tagged_at, {}));
      outcome.missing.push_back({key.second, to_string(Origin::tag), key.first});
      continue;
    }
    BL_TRY(const CommitGraph::Commit* commit, graph.get(graph.index_of(id)));
    const auto time = finished_at(
        tag, commit->committed_at == kNoTime ? std::nullopt : std::optional(commit->committed_at));
    if (!time) {
      outcome.exclusions.push_back(
          excluded_deployment(Origin::tag, key.first, "no time is known for the tag", {}, {}));
      continue;
    }
    outcome.candidates.push_back(
        {*time, commit->generation, Origin::tag, key.first, id, !tag.tagged_at});
  }
  return {};
}

Result<std::set<CommitGraph::Index>> read_tips(RecordReader& records, CommitGraph& graph,
                                               const Repository& repository,
                                               const std::string& branch, Outcome& outcome) {
  BL_TRY(const std::vector<Oid> shas, records.tips(repository, true, branch));
  std::set<CommitGraph::Index> tips;
  for (const Oid& sha : shas) {
    BL_TRY(const std::int64_t id, records.find_commit(repository, sha));
    if (id != 0) {
      tips.insert(graph.index_of(id));
      continue;
    }
    outcome.exclusions.push_back(excluded_deployment(
        Origin::branch, branch, "branch at a commit that was not collected", {}, {}));
    outcome.missing.push_back({sha, to_string(Origin::branch), branch});
  }
  return tips;
}

// Walks all chains together, always the commit of the highest generation next. Where two chains
// meet they go on as one, so once every open chain is both old and new, nothing more differs.
Result<ChainDifference> compare_chains(CommitGraph& graph,
                                       const std::set<CommitGraph::Index>& old_tips,
                                       const std::set<CommitGraph::Index>& new_tips) {
  constexpr int kOld = 1;
  constexpr int kNew = 2;
  std::map<std::pair<std::uint32_t, CommitGraph::Index>, int> open;  // by generation
  for (const auto& [tips, side] : {std::pair(&old_tips, kOld), std::pair(&new_tips, kNew)}) {
    for (const CommitGraph::Index tip : *tips) {
      BL_TRY(const CommitGraph::Commit* commit, graph.get(tip));
      open[{commit->generation, tip}] |= side;
    }
  }
  ChainDifference difference;
  const auto differs = [](const auto& chain) { return chain.second != (kOld | kNew); };
  while (std::any_of(open.begin(), open.end(), differs)) {
    const auto [key, side] = *open.rbegin();
    open.erase(key);
    if (side != (kOld | kNew)) {
      (side == kNew ? difference.added : difference.removed).push_back(key.second);
    }
    BL_TRY(const auto parents, graph.parents(key.second));
    const CommitGraph::Index parent = parents.empty() ? CommitGraph::kNone : parents[0];
    if (parent != CommitGraph::kNone) {
      BL_TRY(const CommitGraph::Commit* commit, graph.get(parent));
      if (commit->generation < key.first) {
        open[{commit->generation, parent}] |= side;
      }
    }
  }
  return difference;
}

void add_branch_commit(const CommitGraph::Commit& commit, const std::string& branch,
                       Outcome& outcome) {
  if (commit.committed_at == kNoTime) {
    outcome.exclusions.push_back(excluded_deployment(
        Origin::branch, branch, "no time is known for the commit on the branch", {}, commit.id));
    return;
  }
  outcome.candidates.push_back(
      {commit.committed_at, commit.generation, Origin::branch, branch, commit.id, true});
}

Result<std::vector<Exclusion>> exclude_all(RecordReader& records, const Repository& repository) {
  const std::string reason = "the history is not complete: " + repository.reason;
  std::vector<Exclusion> exclusions;
  const auto time_of = [&](std::int64_t id) -> Result<std::optional<std::int64_t>> {
    return id == 0 ? Result<std::optional<std::int64_t>>(std::nullopt) : records.committed_at(id);
  };
  BL_TRY(const TagsByCommit tags, tags_by_commit(records, repository, false, std::nullopt));
  for (const auto& [key, tag] : tags) {
    BL_TRY(const std::int64_t id, records.find_commit(repository, key.second));
    BL_TRY(const std::optional<std::int64_t> committed_at, time_of(id));
    exclusions.push_back(
        excluded_deployment(Origin::tag, key.first, reason, finished_at(tag, committed_at), {}));
  }
  for (const std::string& branch : deployment_branches(*repository.rule)) {
    BL_TRY(const std::vector<Oid> tips, records.tips(repository, false, branch));
    for (const Oid& tip : tips) {
      BL_TRY(const std::int64_t id, records.find_commit(repository, tip));
      BL_TRY(const std::optional<std::int64_t> committed_at, time_of(id));
      exclusions.push_back(excluded_deployment(Origin::branch, branch, reason, committed_at, {}));
    }
  }
  BL_CHECK(exclude_deployments(records, repository, reason, exclusions));
  return exclusions;
}

}  // namespace baselined::derive
