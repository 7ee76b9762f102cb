#include "daemon/derive/deployments.h"

#include <algorithm>

#include "daemon/base/glob.h"

namespace baselined::derive {

namespace {

struct End {
  std::int64_t at = 0;
  bool is_guess = false;

  auto operator<=>(const End&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Name and commit, and the earliest of the ends that collectors tell.
using Ends = std::map<std::pair<std::string, Oid>, End>;

bool is_counted(const ServiceRule& rule, Origin origin, const DeploymentRow& row) {
  const std::vector<std::string>& globs = globs_of(rule, origin);
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return glob_matches(glob, row.what) ||
           (origin == Origin::api && glob_matches(glob, row.environment_class));
  });
}

Result<Ends> ends_of(RecordReader& records, const Repository& repository, Origin origin,
                     bool only_complete, const std::optional<std::string>& name) {
  BL_TRY(std::vector<DeploymentRow> rows,
         records.deployments(repository, origin, only_complete, name));
  Ends ends;
  for (DeploymentRow& row : rows) {
    if (!row.succeeded_at || !is_counted(*repository.rule, origin, row)) {
      continue;
    }
    const End end{*row.succeeded_at, row.is_guess};
    const auto known = ends.try_emplace({std::move(row.name), row.sha}, end).first;
    known->second = std::min(known->second, end);
  }
  return ends;
}

}  // namespace

Status read_deployments(RecordReader& records, CommitGraph& graph, const Repository& repository,
                        Origin origin, const std::optional<std::string>& name, Outcome& outcome) {
  BL_TRY(const Ends ends, ends_of(records, repository, origin, true, name));
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
    BL_TRY(const Ends ends, ends_of(records, repository, origin, false, std::nullopt));
    for (const auto& [key, end] : ends) {
      exclusions.push_back(excluded_deployment(origin, key.first, reason, end.at, {}));
    }
  }
  return {};
}

}  // namespace baselined::derive
