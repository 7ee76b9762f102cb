#include "daemon/derive/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "daemon/base/digest.h"

namespace baselined::derive {

namespace {

constexpr const char* kVersion = "12";

// A table WITHOUT ROWID begins with the columns of its key, in their order: else integrity_check of
// SQLite 3.40 reports columns as NULL that are not.
constexpr const char* kTables = R"(
DROP TABLE IF EXISTS fact_service;
DROP TABLE IF EXISTS fact_repository;
DROP TABLE IF EXISTS fact_input;
DROP TABLE IF EXISTS fact_commit;
DROP TABLE IF EXISTS fact_candidate;
DROP TABLE IF EXISTS fact_deployment;
DROP TABLE IF EXISTS fact_attempt;
DROP TABLE IF EXISTS fact_exclusion;
DROP TABLE IF EXISTS fact_branch_tip;
DROP TABLE IF EXISTS fact_missing;
DROP VIEW IF EXISTS fact_shipped_change;
DROP TABLE IF EXISTS fact_change;
DROP TABLE IF EXISTS fact_incident;
DROP TABLE IF EXISTS fact_incident_link;
DROP VIEW IF EXISTS fact_failed_deployment;
DROP TABLE IF EXISTS fact_failure;
DROP TABLE IF EXISTS fact_rework;
DROP TABLE IF EXISTS derive_state;
CREATE TABLE fact_service(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  deployment_rule TEXT,
  fix_rule TEXT,
  owns_commits INTEGER NOT NULL) STRICT;
CREATE TABLE fact_repository(
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL,
  part TEXT NOT NULL,
  service INTEGER NOT NULL,
  sources TEXT NOT NULL,
  reason TEXT NOT NULL,
  UNIQUE(identity, part)) STRICT;
CREATE TABLE fact_input(
  service INTEGER NOT NULL,
  contract TEXT NOT NULL,
  repository TEXT NOT NULL,
  complete_from INTEGER,
  complete_until INTEGER,
  reason TEXT NOT NULL,
  PRIMARY KEY(service, contract, repository)) STRICT, WITHOUT ROWID;
-- service: where the commit belongs to others of the repository's services, see Repository::service_of.
CREATE TABLE fact_commit(
  repository INTEGER NOT NULL,
  commit_id INTEGER NOT NULL,
  service INTEGER NOT NULL,
  committed_at INTEGER,
  is_bot INTEGER NOT NULL,
  deployment INTEGER,
  shipped_at INTEGER,
  lead_us INTEGER,
  clamped INTEGER NOT NULL,
  shipped_is_guess INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  parents BLOB,
  PRIMARY KEY(repository, commit_id)) STRICT, WITHOUT ROWID;
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
  walked INTEGER NOT NULL,
  gap_us INTEGER) STRICT;
CREATE TABLE fact_attempt(
  repository INTEGER NOT NULL,
  name TEXT NOT NULL,
  service INTEGER NOT NULL,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY(repository, name)) STRICT, WITHOUT ROWID;
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
-- id: of the record. service: as of fact_commit.
CREATE TABLE fact_change(
  id INTEGER NOT NULL,
  service INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  number TEXT NOT NULL,
  state TEXT NOT NULL,
  is_bot INTEGER NOT NULL,
  is_hotfix INTEGER NOT NULL,
  is_named INTEGER NOT NULL,
  reverts TEXT,
  opened_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ready_at INTEGER,
  reviewed_at INTEGER,
  approved_at INTEGER,
  merged_at INTEGER,
  landed BLOB,
  commit_id INTEGER,
  deployment INTEGER,
  shipped_at INTEGER,
  shipped_is_guess INTEGER NOT NULL,
  UNIQUE(repository, number)) STRICT;
-- Of every change that is in a deployment: when each of its stages ended, none before the one before it
-- and none after the deployment, so that the stages add up to the whole. CROSS JOIN: in this order, from
-- the changes that were shipped in a window.
CREATE VIEW fact_shipped_change AS
SELECT id, service, repository, number, is_bot, deployment, at, is_seed, is_guess, started_at > at AS clamped,
  (started_at > at OR merged_at > at OR merged_at < opened_at) AS is_out_of_order,
  at - begun AS lead_us, coded - begun AS coding_us, picked_up - coded AS pickup_us,
  reviewed - picked_up AS review_us, merged - reviewed AS merge_us, at - merged AS deploy_us
FROM (SELECT *, min(max(reviewed, merged_at), at) AS merged
FROM (SELECT *, min(max(picked_up, coalesce(approved_at, merged_at)), at) AS reviewed
FROM (SELECT *, min(max(coded, min(coalesce(reviewed_at, merged_at), merged_at)), at) AS picked_up
FROM (SELECT *, min(max(begun, coalesce(ready_at, opened_at)), at) AS coded
FROM (SELECT c.id, c.service, c.repository, c.number, c.is_bot, c.deployment, c.shipped_at AS at,
  d.is_seed, c.shipped_is_guess AS is_guess, c.started_at, min(c.started_at, c.shipped_at) AS begun,
  c.opened_at, c.ready_at, c.reviewed_at, c.approved_at, c.merged_at
FROM fact_change c CROSS JOIN fact_deployment d ON d.id = c.deployment
WHERE c.shipped_at IS NOT NULL AND c.merged_at IS NOT NULL)))));
CREATE TABLE fact_incident(
  id INTEGER PRIMARY KEY,
  service INTEGER NOT NULL,
  incident TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  ended_at INTEGER,
  restored_at INTEGER,
  restore_us INTEGER,
  is_open INTEGER NOT NULL,
  cause TEXT NOT NULL,
  UNIQUE(service, incident)) STRICT;
CREATE TABLE fact_incident_link(
  incident INTEGER NOT NULL,
  role TEXT NOT NULL,
  refers_to TEXT NOT NULL,
  name TEXT NOT NULL,
  collector INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  PRIMARY KEY(incident, role, refers_to, name, collector, repository)) STRICT, WITHOUT ROWID;
-- at: what is derived again together, see Failures.
CREATE TABLE fact_failure(
  deployment INTEGER NOT NULL,
  method TEXT NOT NULL,
  incident INTEGER NOT NULL,
  service INTEGER NOT NULL,
  at INTEGER NOT NULL,
  recovered_at INTEGER,
  PRIMARY KEY(deployment, method, incident, service)) STRICT, WITHOUT ROWID;
CREATE TABLE fact_rework(
  deployment INTEGER NOT NULL,
  method TEXT NOT NULL,
  service INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(deployment, method, service)) STRICT, WITHOUT ROWID;
-- A failed deployment was made good by what came first: the end of the last of its incidents, or a
-- deployment that fixed it. recovery_us NULL: neither came yet, or nobody said when.
CREATE VIEW fact_failed_deployment AS
SELECT deployment, service, at, is_guess, is_lookback, is_open,
  CAST(max(recovered_at - at, 0) AS INTEGER) AS recovery_us, recovered_at < at AS clamped
FROM (SELECT *, coalesce(min(fixed_at, ended_at), fixed_at, ended_at) AS recovered_at
FROM (SELECT d.id AS deployment, d.service, d.finished_at AS at, d.is_guess,
  NOT EXISTS (SELECT 1 FROM fact_failure f WHERE f.deployment = d.id
    AND f.method NOT IN ('lookback', 'fixed_by')) AS is_lookback,
  EXISTS (SELECT 1 FROM fact_failure f JOIN fact_incident i ON i.id = f.incident
    WHERE f.deployment = d.id AND i.is_open = 1) AS is_open,
  (SELECT min(f.recovered_at) FROM fact_failure f WHERE f.deployment = d.id AND f.incident = 0) AS fixed_at,
  (SELECT CASE WHEN count(f.recovered_at) = count(*) THEN max(f.recovered_at) END FROM fact_failure f
    WHERE f.deployment = d.id AND f.incident <> 0) AS ended_at
FROM fact_deployment d WHERE EXISTS (SELECT 1 FROM fact_failure f WHERE f.deployment = d.id)));
CREATE TABLE derive_state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
)";

constexpr const char* kIndexes = R"(
CREATE INDEX fact_commit_committed ON fact_commit(service, committed_at, is_bot);
CREATE INDEX fact_commit_waiting ON fact_commit(service, committed_at) WHERE deployment IS NULL;
CREATE INDEX fact_commit_shipped
  ON fact_commit(service, shipped_at, lead_us, clamped, shipped_is_guess)
  WHERE shipped_at IS NOT NULL;
CREATE INDEX fact_candidate_name ON fact_candidate(repository, name, generation, is_guess)
  WHERE origin <> 'branch';
CREATE INDEX fact_candidate_commit ON fact_candidate(repository, commit_id, rank, finished_at);
CREATE INDEX fact_deployment_finished ON fact_deployment(service, finished_at);
CREATE INDEX fact_deployment_repository ON fact_deployment(repository, finished_at);
CREATE INDEX fact_deployment_commit ON fact_deployment(repository, commit_id);
CREATE INDEX fact_attempt_at ON fact_attempt(service, at);
CREATE INDEX fact_change_commit ON fact_change(repository, commit_id) WHERE commit_id IS NOT NULL;
CREATE INDEX fact_change_merged ON fact_change(service, merged_at);
CREATE INDEX fact_change_waiting ON fact_change(repository, landed)
  WHERE commit_id IS NULL AND landed IS NOT NULL;
CREATE INDEX fact_change_shipped ON fact_change(service, shipped_at) WHERE shipped_at IS NOT NULL;
CREATE INDEX fact_change_hotfix ON fact_change(service, shipped_at, deployment) WHERE is_hotfix = 1;
CREATE INDEX fact_change_revert ON fact_change(service, shipped_at) WHERE reverts IS NOT NULL;
CREATE INDEX fact_deployment_rollback ON fact_deployment(service, finished_at) WHERE is_rollback = 1;
CREATE INDEX fact_failure_at ON fact_failure(service, at);
CREATE INDEX fact_rework_at ON fact_rework(service, at);
CREATE INDEX fact_incident_began ON fact_incident(service, began_at);
CREATE INDEX fact_incident_opened ON fact_incident(service, opened_at);
CREATE INDEX fact_incident_restored ON fact_incident(service, restored_at);
CREATE INDEX fact_incident_link_tag ON fact_incident_link(name) WHERE refers_to = 'tag';
CREATE INDEX fact_missing_ref ON fact_missing(repository, origin, name);
CREATE INDEX fact_exclusion_at ON fact_exclusion(service, fact, at);
CREATE INDEX fact_exclusion_origin ON fact_exclusion(repository, fact, origin, name);
)";

// The last record that was taken in of a table.
struct Taken {
  const char* table;
  std::int64_t State::*last;
};
constexpr std::array<Taken, 13> kTaken{{{"record_commit_1", &State::commits},
                                        {"record_commit_path_1", &State::paths},
                                        {"record_ref_1", &State::refs},
                                        {"record_deployment_1", &State::deployments},
                                        {"record_deployment_status_1", &State::statuses},
                                        {"record_ci_job_1", &State::jobs},
                                        {"record_ci_run_1", &State::runs},
                                        {"record_change_1", &State::changes},
                                        {"record_change_commit_1", &State::change_commits},
                                        {"record_change_event_1", &State::change_events},
                                        {"record_incident_1", &State::incidents},
                                        {"record_incident_event_1", &State::incident_events},
                                        {"record_incident_link_1", &State::incident_links}}};

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

// One line of the stored state.
void take(const store::Statement& row, State& state) {
  const std::string_view key = row.text(0);
  if (key == "version") {
    state.version = row.text(1);
  } else if (key == "mapping") {
    state.mapping = row.text(1);
  } else if (key == "coverage") {
    state.coverage = row.text(1);
  }
  for (const Taken& taken : kTaken) {
    if (key == taken.table) {
      state.*taken.last = row.integer(1);
    }
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
    take(select, state);
  }
}

Result<State> present_state(store::Connection& db, const Mapping& mapping) {
  State state;
  state.version = kVersion;
  state.mapping = mapping.hash();
  BL_TRY(state.coverage, coverage_hash(db));
  for (const Taken& taken : kTaken) {
    BL_TRY(state.*taken.last,
           db.integer(fmt::format("SELECT coalesce(max(id), 0) FROM {}", taken.table)));
  }
  return state;
}

Status store_state(store::Connection& db, const State& state) {
  BL_TRY(store::Statement insert,
         db.prepare("INSERT OR REPLACE INTO derive_state(key, value) VALUES (?1, ?2)"));
  const auto store = [&insert](std::string_view key, const std::string& value) -> Status {
    return insert.bind(1, key).bind(2, std::string_view(value)).run();
  };
  BL_CHECK(store("version", state.version));
  BL_CHECK(store("mapping", state.mapping));
  BL_CHECK(store("coverage", state.coverage));
  for (const Taken& taken : kTaken) {
    BL_CHECK(store(taken.table, std::to_string(state.*taken.last)));
  }
  return {};
}

bool State::follows(const State& earlier) const {
  return std::all_of(kTaken.begin(), kTaken.end(),
                     [&](const Taken& taken) { return earlier.*taken.last <= this->*taken.last; });
}

Result<bool> has_changes(store::Connection& db) {
  BL_TRY(const std::int64_t lines,
         db.integer("SELECT count(*) FROM (SELECT 1 FROM record_change LIMIT 1)"));
  return lines > 0;
}

Status recreate_tables(store::Connection& db) { return db.execute(kTables); }

Status create_indexes(store::Connection& db) { return db.execute(kIndexes); }

}  // namespace baselined::derive
