#include "daemon/derive/record_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "daemon/derive/bind.h"
#include "daemon/derive/commit_batch.h"

namespace baselined::derive {

struct RecordReader::Statements {
  store::Statement find_commit;
  store::Statement commits;
  store::Statement all_tags;
  store::Statement tags_named;
  store::Statement tip;
  store::Statement committed_at;
  store::Statement paths;
  store::Statement is_merge;
  // By origin: all of them, and those of a name.
  std::map<Origin, std::pair<store::Statement, store::Statement>> deployments;
};

namespace {

// With every state, so that the first end is found without a look-up for each.
constexpr std::string_view kDeployments =
    "SELECT environment.value || ' #' || d.deployment, environment.value, class.value, d.sha,"
    " state.value, s.at, s.is_guess FROM record_deployment_1 d"
    " JOIN text environment ON environment.id = d.environment"
    " LEFT JOIN text class ON class.id = d.environment_class"
    " LEFT JOIN record_deployment_status_1 s ON s.collector = d.collector AND s.origin = d.origin"
    " AND s.deployment = d.deployment AND s.environment = d.environment AND s.removed_at IS NULL"
    " LEFT JOIN text state ON state.id = s.state"
    " WHERE d.collector = ?1 AND d.origin = ?2 AND d.removed_at IS NULL";
constexpr std::string_view kOfName =
    " AND d.id IN (SELECT n.id FROM record_deployment_1 n JOIN text e ON e.id = n.environment"
    " WHERE n.collector = ?1 AND n.origin = ?2 AND e.value || ' #' || n.deployment = ?3)";
constexpr std::string_view kInOrder = " ORDER BY d.id, s.at, state.value DESC";

// A job or run that succeeded has no other end. One without a commit is excluded as one whose
// commit nobody collected.
std::string ended(std::string_view name, std::string_view what, std::string_view table) {
  return fmt::format(
      "SELECT {}, (SELECT value FROM text WHERE id = r.{}), NULL, r.sha, 'success', r.finished_at, "
      "0"
      " FROM {} r WHERE r.collector = ?1 AND r.pipeline = ?2 AND r.removed_at IS NULL"
      " AND r.result = (SELECT id FROM text WHERE value = 'success')"
      " AND r.finished_at IS NOT NULL",
      name, what, table);
}

// ?4 is the run, by which the key goes.
std::string ended_of_name(std::string_view name, const std::string& all) {
  return fmt::format("{} AND r.run = ?4 AND {} = ?3 ORDER BY r.id", all, name);
}

// "5" of "deploy #7 in 5".
std::string_view run_of(std::string_view name) {
  constexpr std::string_view kIn = " in ";
  const std::size_t in = name.rfind(kIn);
  return in == std::string_view::npos ? std::string_view() : name.substr(in + kIn.size());
}

bool is_end(std::string_view state) {
  return state == "success" || state == "failure" || state == "cancelled";
}

}  // namespace

RecordReader::RecordReader(std::shared_ptr<Statements> statements)
    : statements_(std::move(statements)) {}

Result<RecordReader> RecordReader::create(store::Connection& db) {
  BL_TRY(store::Statement find_commit,
         db.prepare("SELECT id FROM record_commit_1 WHERE collector = ?1 AND repository = ?2"
                    " AND sha = ?3 AND removed_at IS NULL"));
  BL_TRY(store::Statement commits,
         db.prepare(std::string("SELECT ") + CommitBatch::kColumns +
                    " FROM record_commit_1 WHERE collector = ?1 AND repository = ?2"
                    " AND removed_at IS NULL"));
  BL_TRY(store::Statement all_tags,
         db.prepare("SELECT name, sha, tagged_at FROM record_ref_1 WHERE collector = ?1"
                    " AND repository = ?2 AND kind = (SELECT id FROM text WHERE value = 'tag')"
                    " AND removed_at IS NULL"));
  BL_TRY(store::Statement tags_named,
         db.prepare("SELECT name, sha, tagged_at FROM record_ref_1 WHERE collector = ?1"
                    " AND repository = ?2 AND kind = (SELECT id FROM text WHERE value = 'tag')"
                    " AND name = ?3 AND removed_at IS NULL"));
  // A branch has one target. Should two be alive, the one that came last counts.
  BL_TRY(store::Statement tip,
         db.prepare("SELECT sha FROM record_ref_1 WHERE collector = ?1 AND repository = ?2"
                    " AND kind = (SELECT id FROM text WHERE value = 'branch') AND name = ?3"
                    " AND removed_at IS NULL ORDER BY changed_at DESC, id DESC LIMIT 1"));
  BL_TRY(store::Statement committed_at,
         db.prepare("SELECT committed_at FROM record_commit_1 WHERE id = ?1"));
  BL_TRY(store::Statement paths,
         db.prepare("SELECT path.value FROM record_commit_path_1 r"
                    " JOIN text path ON path.id = r.path_prefix WHERE r.collector = ?1"
                    " AND r.repository = ?2 AND r.sha = ?3 AND r.removed_at IS NULL"));
  BL_TRY(store::Statement is_merge,
         db.prepare("SELECT 1 FROM record_commit_1 WHERE id = ?1 AND length(parents) > 20"));
  std::map<Origin, std::pair<store::Statement, store::Statement>> deployments;
  const auto prepare = [&](Origin origin, const std::string& all,
                           const std::string& of_name) -> Status {
    BL_TRY(store::Statement every, db.prepare(all));
    BL_TRY(store::Statement named, db.prepare(of_name));
    deployments.emplace(origin, std::pair(std::move(every), std::move(named)));
    return {};
  };
  BL_CHECK(prepare(Origin::api, fmt::format("{}{}", kDeployments, kInOrder),
                   fmt::format("{}{}{}", kDeployments, kOfName, kInOrder)));
  const std::string jobs = ended(kJobName, "name", "record_ci_job_1");
  BL_CHECK(prepare(Origin::job, jobs + " ORDER BY r.id", ended_of_name(kJobName, jobs)));
  const std::string runs = ended(kRunName, "branch", "record_ci_run_1") +
                           " AND r.parent_run IS NULL";  // a part of a run is no whole one
  BL_CHECK(prepare(Origin::run, runs + " ORDER BY r.id", ended_of_name(kRunName, runs)));
  return RecordReader(std::make_shared<Statements>(
      Statements{std::move(find_commit), std::move(commits), std::move(all_tags),
                 std::move(tags_named), std::move(tip), std::move(committed_at), std::move(paths),
                 std::move(is_merge), std::move(deployments)}));
}

Result<std::int64_t> RecordReader::find_commit(const Repository& repository, const Oid& sha) {
  std::int64_t first = 0;
  for (const Source& source : repository.sources) {
    BL_TRY(const std::int64_t id, find_commit(source, sha));
    first = first == 0 || id == 0 ? std::max(first, id) : std::min(first, id);
  }
  return first;
}

Result<std::int64_t> RecordReader::find_commit(const Source& source, const Oid& sha) {
  store::Statement& select = statements_->find_commit;
  select.bind(1, source.collector).bind(2, source.text).bind_blob(3, bytes_of(sha));
  BL_TRY(const bool row, select.step());
  const std::int64_t id = row ? select.integer(0) : 0;
  select.reset();
  return id;
}

Status RecordReader::for_each_commit(const Repository& repository,
                                     const std::function<void(const store::Statement&)>& take) {
  store::Statement& select = statements_->commits;
  for (const Source& source : repository.sources) {
    select.bind(1, source.collector).bind(2, source.text);
    while (true) {
      BL_TRY(const bool row, select.step());
      if (!row) {
        break;
      }
      take(select);
    }
  }
  return {};
}

Result<std::vector<RefRow>> RecordReader::tags(const Repository& repository, bool only_complete,
                                               const std::optional<std::string>& name) {
  store::Statement& select = name ? statements_->tags_named : statements_->all_tags;
  std::vector<RefRow> rows;
  for (const Source& source : repository.sources) {
    if (only_complete && !source.is_complete) {
      continue;
    }
    select.bind(1, source.collector).bind(2, source.text);
    if (name) {
      select.bind(3, std::string_view(*name));
    }
    while (true) {
      BL_TRY(const bool row, select.step());
      if (!row) {
        break;
      }
      rows.push_back(
          {std::string(select.text(0)), oid_of(select.blob(1)), optional_integer(select, 2)});
    }
  }
  return rows;
}

Status RecordReader::append_tip(const Source& source, const std::string& branch,
                                std::vector<Oid>& tips, bool& found) {
  store::Statement& select = statements_->tip;
  select.bind(1, source.collector).bind(2, source.text).bind(3, std::string_view(branch));
  BL_TRY(const bool row, select.step());
  found = row;
  if (row) {
    const Oid tip = oid_of(select.blob(0));
    if (std::find(tips.begin(), tips.end(), tip) == tips.end()) {
      tips.push_back(tip);
    }
    select.reset();
  }
  return {};
}

Result<std::vector<Oid>> RecordReader::tips(const Repository& repository, bool only_complete,
                                            const std::string& branch) {
  std::vector<Oid> tips;
  for (const Source& source : repository.sources) {
    if (only_complete && !source.is_complete) {
      continue;
    }
    bool found = false;
    BL_CHECK(append_tip(source, branch, tips, found));
    if (!found) {
      const std::string remote = "origin/" + branch;
      BL_CHECK(append_tip(source, remote, tips, found));
    }
  }
  return tips;
}

// Most jobs deploy nothing: they are not kept.
Status RecordReader::append_deployments(store::Statement& select, const ServiceRule& rule,
                                        Origin origin, std::vector<DeploymentRow>& rows) {
  const std::size_t begin = rows.size();
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return {};
    }
    // An environment counts by what the forge takes it for, too.
    if (!is_counted(rule, origin, optional_text(select, 1)) &&
        !is_counted(rule, origin, optional_text(select, 2))) {
      continue;
    }
    if (rows.size() == begin || rows.back().name != select.text(0)) {
      rows.push_back(
          {std::string(select.text(0)), oid_of(select.blob(3)), std::nullopt, {}, false});
    }
    const std::string_view state = select.text(4);
    if (!rows.back().ended_at && is_end(state)) {
      rows.back().ended_at = select.integer(5);
      rows.back().outcome = state;
      rows.back().is_guess = select.integer(6) != 0;
    }
  }
}

Result<std::vector<DeploymentRow>> RecordReader::deployments(
    const Repository& repository, Origin origin, bool only_complete,
    const std::optional<std::string>& name) {
  auto& [all, of_name] = statements_->deployments.at(origin);
  store::Statement& select = name ? of_name : all;
  std::vector<DeploymentRow> rows;
  const auto forges = repository.forges.find(origin);
  if (forges == repository.forges.end()) {
    return rows;
  }
  for (const Source& forge : forges->second) {
    if (only_complete && !forge.is_complete) {
      continue;
    }
    select.bind(1, forge.collector).bind(2, forge.text);
    if (name) {
      select.bind(3, std::string_view(*name));
      if (origin != Origin::api) {
        select.bind(4, run_of(*name));
      }
    }
    BL_CHECK(append_deployments(select, *repository.rule, origin, rows));
  }
  return rows;
}

// Of two collectors that cut paths to another depth, or of one that did so before, the deeper
// knows.
Result<Belongs> RecordReader::belongs(const Repository& repository, const Oid& sha) {
  if (!repository.paths.are_some()) {
    return repository.paths.of_nothing();
  }
  std::set<std::string> touched;
  bool is_told = false;
  store::Statement& select = statements_->paths;
  for (const Source& source : repository.sources) {
    BL_TRY(const std::int64_t told, source.tells_paths ? find_commit(source, sha) : 0);
    is_told = is_told || told != 0;
    select.bind(1, source.collector).bind(2, source.text).bind_blob(3, bytes_of(sha));
    while (true) {
      BL_TRY(const bool row, select.step());
      if (!row) {
        break;
      }
      touched.emplace(select.text(0));
    }
  }
  if (touched.empty()) {
    return is_told ? repository.paths.of_nothing() : Belongs::unknown;
  }
  Belongs belongs = Belongs::no;
  for (const std::string& path : touched) {
    const auto deeper = touched.lower_bound(path + "/");
    if (deeper == touched.end() || !deeper->starts_with(path + "/")) {
      belongs = either(belongs, repository.paths.of(path));
    }
  }
  return belongs;
}

Result<Belongs> belongs(RecordReader& records, const Repository& repository, const CommitRow& row) {
  if (row.n_parents > 1 && !repository.is_whole()) {
    return Belongs::no;
  }
  return records.belongs(repository, row.sha);
}

Result<bool> RecordReader::tells_paths_first(const Repository& repository, const CommitRow& row) {
  bool is_ours = false;
  for (const Source& source : repository.sources) {
    BL_TRY(const std::int64_t told, source.tells_paths ? find_commit(source, row.sha) : 0);
    if (told != 0 && told != row.id) {
      return false;
    }
    is_ours = is_ours || told == row.id;
  }
  return is_ours;
}

Result<bool> RecordReader::is_merge(std::int64_t commit_id) {
  BL_TRY(const bool row, statements_->is_merge.bind(1, commit_id).step());
  statements_->is_merge.reset();
  return row;
}

Result<std::optional<std::int64_t>> RecordReader::committed_at(std::int64_t commit_id) {
  store::Statement& select = statements_->committed_at;
  BL_TRY(const bool row, select.bind(1, commit_id).step());
  std::optional<std::int64_t> time;
  if (row) {
    time = optional_integer(select, 0);
    select.reset();
  }
  return time;
}

}  // namespace baselined::derive
