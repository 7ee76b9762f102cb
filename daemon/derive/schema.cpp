#include "daemon/derive/schema.h"

#include <fmt/format.h>

#include "daemon/base/digest.h"

namespace baselined::derive {

namespace {

constexpr const char* kVersion = "5";

// A table WITHOUT ROWID begins with the columns of its key, in their order: else integrity_check of
// SQLite 3.40 reports columns as NULL that are not.
constexpr const char* kTables = R"(
DROP TABLE IF EXISTS fact_service;
DROP TABLE IF EXISTS fact_repository;
DROP TABLE IF EXISTS fact_input;
DROP TABLE IF EXISTS fact_commit;
DROP TABLE IF EXISTS fact_candidate;
DROP TABLE IF EXISTS fact_deployment;
DROP TABLE IF EXISTS fact_exclusion;
DROP TABLE IF EXISTS fact_branch_tip;
DROP TABLE IF EXISTS fact_missing;
DROP VIEW IF EXISTS fact_shipped_change;
DROP TABLE IF EXISTS fact_change;
DROP TABLE IF EXISTS derive_state;
CREATE TABLE fact_service(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  deployment_rule TEXT) STRICT;
CREATE TABLE fact_repository(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  service INTEGER NOT NULL,
  sources TEXT NOT NULL,
  reason TEXT NOT NULL) STRICT;
CREATE TABLE fact_input(
  service INTEGER NOT NULL,
  contract TEXT NOT NULL,
  repository TEXT NOT NULL,
  complete_from INTEGER,
  complete_until INTEGER,
  reason TEXT NOT NULL,
  PRIMARY KEY(service, contract, repository)) STRICT, WITHOUT ROWID;
CREATE TABLE fact_commit(
  commit_id INTEGER PRIMARY KEY,
  service INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  committed_at INTEGER,
  is_bot INTEGER NOT NULL,
  deployment INTEGER,
  shipped_at INTEGER,
  lead_us INTEGER,
  clamped INTEGER NOT NULL,
  shipped_is_guess INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  parents BLOB) STRICT;
CREATE TABLE fact_candidate(
  repository INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  origin TEXT NOT NULL,
  name TEXT NOT NULL,
  commit_id INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  is_guess INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  PRIMARY KEY(repository, finished_at, origin, name, commit_id)) STRICT, WITHOUT ROWID;
CREATE TABLE fact_deployment(
  id INTEGER PRIMARY KEY,
  service INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  environment TEXT NOT NULL,
  sha BLOB NOT NULL,
  commit_id INTEGER NOT NULL,
  origin TEXT NOT NULL,
  name TEXT NOT NULL,
  finished_at INTEGER NOT NULL,
  is_seed INTEGER NOT NULL,
  is_rollback INTEGER NOT NULL,
  is_guess INTEGER NOT NULL,
  previous INTEGER,
  shipped INTEGER NOT NULL,
  gap_us INTEGER) STRICT;
CREATE TABLE fact_exclusion(
  service INTEGER NOT NULL,
  fact TEXT NOT NULL,
  at INTEGER,
  reason TEXT NOT NULL,
  n INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  origin TEXT NOT NULL,
  name TEXT NOT NULL,
  commit_id INTEGER) STRICT;
CREATE TABLE fact_branch_tip(
  repository INTEGER NOT NULL,
  name TEXT NOT NULL,
  commit_id INTEGER NOT NULL,
  PRIMARY KEY(repository, name, commit_id)) STRICT, WITHOUT ROWID;
CREATE TABLE fact_missing(
  repository INTEGER NOT NULL,
  sha BLOB NOT NULL,
  origin TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY(repository, sha, origin, name)) STRICT, WITHOUT ROWID;
CREATE TABLE fact_change(
  id INTEGER PRIMARY KEY,
  service INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  number TEXT NOT NULL,
  state TEXT NOT NULL,
  is_bot INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ready_at INTEGER,
  reviewed_at INTEGER,
  approved_at INTEGER,
  merged_at INTEGER,
  landed BLOB,
  commit_id INTEGER,
  UNIQUE(repository, number)) STRICT;
-- Of every change that is in a deployment: when each of its stages ended, none before the one before it
-- and none after the deployment, so that the stages add up to the whole. CROSS JOIN: in this order, from
-- the commits that were shipped in a window.
CREATE VIEW fact_shipped_change AS
SELECT id, service, repository, number, is_bot, deployment, at, is_seed, is_guess, started_at > at AS clamped,
  at - begun AS lead_us, coded - begun AS coding_us, picked_up - coded AS pickup_us,
  reviewed - picked_up AS review_us, merged - reviewed AS merge_us, at - merged AS deploy_us
FROM (SELECT *, min(max(reviewed, merged_at), at) AS merged
FROM (SELECT *, min(max(picked_up, coalesce(approved_at, merged_at)), at) AS reviewed
FROM (SELECT *, min(max(coded, min(coalesce(reviewed_at, merged_at), merged_at)), at) AS picked_up
FROM (SELECT *, min(max(begun, coalesce(ready_at, opened_at)), at) AS coded
FROM (SELECT c.id, f.service, c.repository, c.number, c.is_bot, f.deployment, f.shipped_at AS at,
  d.is_seed, f.shipped_is_guess AS is_guess, c.started_at, min(c.started_at, f.shipped_at) AS begun,
  c.opened_at, c.ready_at, c.reviewed_at, c.approved_at, c.merged_at
FROM fact_commit f CROSS JOIN fact_change c ON c.commit_id = f.commit_id
  CROSS JOIN fact_deployment d ON d.id = f.deployment
WHERE f.shipped_at IS NOT NULL AND c.merged_at IS NOT NULL)))));
CREATE TABLE derive_state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
)";

constexpr const char* kIndexes = R"(
CREATE INDEX fact_commit_committed ON fact_commit(service, committed_at, is_bot);
CREATE INDEX fact_commit_shipped
  ON fact_commit(service, shipped_at, lead_us, clamped, shipped_is_guess)
  WHERE shipped_at IS NOT NULL;
CREATE INDEX fact_candidate_name ON fact_candidate(repository, name, generation, is_guess)
  WHERE origin <> 'branch';
CREATE INDEX fact_candidate_commit ON fact_candidate(repository, commit_id, rank, finished_at);
CREATE INDEX fact_deployment_finished ON fact_deployment(service, finished_at);
CREATE INDEX fact_deployment_repository ON fact_deployment(repository, finished_at);
CREATE INDEX fact_deployment_commit ON fact_deployment(repository, commit_id);
CREATE INDEX fact_change_commit ON fact_change(commit_id);
CREATE INDEX fact_change_merged ON fact_change(service, merged_at);
CREATE INDEX fact_change_waiting ON fact_change(repository)
  WHERE commit_id IS NULL AND landed IS NOT NULL;
CREATE INDEX fact_missing_ref ON fact_missing(repository, origin, name);
CREATE INDEX fact_exclusion_at ON fact_exclusion(service, fact, at);
CREATE INDEX fact_exclusion_origin ON fact_exclusion(repository, fact, origin, name);
)";

Result<std::string> coverage_hash(store::Connection& db) {
  BL_TRY(store::Statement select,
         db.prepare("SELECT collector, contract, scope, from_us, to_us, reason FROM coverage"));
  std::string bytes;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return to_hex(sha256(bytes));
    }
    fmt::format_to(std::back_inserter(bytes), "{}|{}|{}:{}|{}|{}|{}:{}\n", select.integer(0),
                   select.text(1), select.text(2).size(), select.text(2), select.integer(3),
                   select.integer(4), select.text(5).size(), select.text(5));
  }
}

}  // namespace

Result<std::optional<State>> stored_state(store::Connection& db) {
  BL_TRY(const std::int64_t tables,
         db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'derive_state'"));
  if (tables == 0) {
    return std::optional<State>();
  }
  BL_TRY(store::Statement select, db.prepare("SELECT key, value FROM derive_state"));
  State state;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return std::optional<State>(std::move(state));
    }
    const std::string_view key = select.text(0);
    std::string value(select.text(1));
    if (key == "version") {
      state.version = std::move(value);
    } else if (key == "mapping") {
      state.mapping = std::move(value);
    } else if (key == "coverage") {
      state.coverage = std::move(value);
    } else if (key == "commits") {
      state.commits = select.integer(1);
    } else if (key == "refs") {
      state.refs = select.integer(1);
    } else if (key == "deployments") {
      state.deployments = select.integer(1);
    } else if (key == "statuses") {
      state.statuses = select.integer(1);
    } else if (key == "changes") {
      state.changes = select.integer(1);
    } else if (key == "change_commits") {
      state.change_commits = select.integer(1);
    } else if (key == "change_events") {
      state.change_events = select.integer(1);
    }
  }
}

Result<State> present_state(store::Connection& db, const Mapping& mapping) {
  State state;
  state.version = kVersion;
  state.mapping = mapping.hash();
  BL_TRY(state.coverage, coverage_hash(db));
  BL_TRY(state.commits, db.integer("SELECT coalesce(max(id), 0) FROM record_commit_1"));
  BL_TRY(state.refs, db.integer("SELECT coalesce(max(id), 0) FROM record_ref_1"));
  BL_TRY(state.deployments, db.integer("SELECT coalesce(max(id), 0) FROM record_deployment_1"));
  BL_TRY(state.statuses, db.integer("SELECT coalesce(max(id), 0) FROM record_deployment_status_1"));
  BL_TRY(state.changes, db.integer("SELECT coalesce(max(id), 0) FROM record_change_1"));
  BL_TRY(state.change_commits,
         db.integer("SELECT coalesce(max(id), 0) FROM record_change_commit_1"));
  BL_TRY(state.change_events, db.integer("SELECT coalesce(max(id), 0) FROM record_change_event_1"));
  return state;
}

Status store_state(store::Connection& db, const State& state) {
  BL_TRY(store::Statement insert,
         db.prepare("INSERT OR REPLACE INTO derive_state(key, value) VALUES (?1, ?2)"));
  const std::pair<std::string_view, std::string> rows[] = {
      {"version", state.version},
      {"mapping", state.mapping},
      {"coverage", state.coverage},
      {"commits", std::to_string(state.commits)},
      {"refs", std::to_string(state.refs)},
      {"deployments", std::to_string(state.deployments)},
      {"statuses", std::to_string(state.statuses)},
      {"changes", std::to_string(state.changes)},
      {"change_commits", std::to_string(state.change_commits)},
      {"change_events", std::to_string(state.change_events)}};
  for (const auto& [key, value] : rows) {
    BL_CHECK(insert.bind(1, key).bind(2, std::string_view(value)).run());
  }
  return {};
}

Result<bool> has_changes(store::Connection& db) {
  BL_TRY(const std::int64_t lines,
         db.integer("SELECT count(*) FROM (SELECT 1 FROM record_change LIMIT 1)"));
  return lines > 0;
}

Status recreate_tables(store::Connection& db) { return db.execute(kTables); }

Status create_indexes(store::Connection& db) { return db.execute(kIndexes); }

}  // namespace baselined::derive
