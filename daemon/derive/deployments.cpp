#include "daemon/derive/deployments.h"

#include <algorithm>

namespace baselined::derive {

namespace {

struct End {
  std::int64_t at = 0;
  bool is_guess = false;

  auto operator<=>(const End&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Name and commit, and the earliest of the ends that collectors tell.
using Ends = std::map<std::pair<std::string, Oid>, End>;

Ends ends_of(const std::vector<DeploymentRow>& rows) {
  Ends ends;
  for (const DeploymentRow& row : rows) {
    if (row.is_success()) {
      const End end{*row.ended_at, row.is_guess};
      const auto known = ends.try_emplace({row.name, row.sha}, end).first;
      known->second = std::min(known->second, end);
    }
  }
  return ends;
}

// However many collectors tell of one, it is one: with the end that came first.
std::vector<Attempt> attempts_of(const std::vector<DeploymentRow>& rows) {
  std::map<std::string, Attempt> attempts;
  for (const DeploymentRow& row : rows) {
    if (row.ended_at) {
      const Attempt attempt{row.name, *row.ended_at, row.outcome};
      const auto known = attempts.try_emplace(row.name, attempt).first;
      known->second = std::min(known->second, attempt);
    }
  }
  std::vector<Attempt> all;
  all.reserve(attempts.size());
  for (auto& [name, attempt] : attempts) {
    all.push_back(std::move(attempt));
  }
  return all;
}

}  // namespace

Status read_deployments(RecordReader& records, CommitGraph& graph, const Repository& repository,
                        Origin origin, const std::optional<std::string>& name, Outcome& outcome) {
  BL_TRY(const std::vector<DeploymentRow> rows,
         records.deployments(repository, origin, true, name));
  if (origin == Origin::api) {
    outcome.attempts = attempts_of(rows);
  }
  const Ends ends = ends_of(rows);
  for (const auto& [key, end] : ends) {
    BL_TRY(const std::int64_t id, records.find_commit(repository, key.second));
    if (id == 0) {
      outcome.exclusions.push_back(excluded_deployment(
          origin, key.first, "deployment of a commit that was not collected", end.at, {}));
      outcome.missing.push_back({key.second, to_string(origin), key.first});
      continue;
    }
    BL_TRY(const CommitGraph::Commit* commit, graph.get(graph.index_of(id)));
    outcome.candidates.push_back({end.at, commit->generation, origin, key.first, id, end.is_guess});
  }
  return {};
}

Status exclude_deployments(RecordReader& records, const Repository& repository,
                           const std::string& reason, std::vector<Exclusion>& exclusions) {
  for (const Origin origin : kForgeOrigins) {
    BL_TRY(const std::vector<DeploymentRow> rows,
           records.deployments(repository, origin, false, std::nullopt));
    const Ends ends = ends_of(rows);
    for (const auto& [key, end] : ends) {
      exclusions.push_back(excluded_deployment(origin, key.first, reason, end.at, {}));
    }
  }
  return {};
}

}  // namespace baselined::derive
