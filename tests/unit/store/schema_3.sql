CREATE TABLE collector (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE coverage (
  collector INTEGER NOT NULL,
  contract TEXT NOT NULL,
  scope TEXT NOT NULL,
  from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL,
  reason TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (collector, contract, scope)
) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (
  collector INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (collector, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE http_validator (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collector INTEGER NOT NULL,
  target TEXT NOT NULL,
  etag TEXT NOT NULL,
  last_modified TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (collector, target)
) STRICT;
CREATE INDEX http_validator_age ON http_validator (collector, id);
CREATE TABLE open_item (
  collector INTEGER NOT NULL,
  contract TEXT NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (collector, contract, scope, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE record_change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  contract TEXT NOT NULL,
  row INTEGER NOT NULL
) STRICT;
CREATE TABLE record_change_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  repository INTEGER NOT NULL,
  change TEXT NOT NULL,
  state INTEGER NOT NULL,
  draft INTEGER,
  created_at INTEGER NOT NULL,
  merged_at INTEGER,
  closed_at INTEGER,
  base INTEGER NOT NULL,
  author INTEGER,
  is_bot INTEGER,
  additions INTEGER,
  deletions INTEGER,
  labels TEXT,
  reverts TEXT
) STRICT;
CREATE UNIQUE INDEX record_change_1_key ON record_change_1 (collector, repository, change);
CREATE INDEX record_change_1_scope ON record_change_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_change_commit_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  repository INTEGER NOT NULL,
  change TEXT NOT NULL,
  sha BLOB NOT NULL,
  role INTEGER NOT NULL,
  authored_at INTEGER
) STRICT;
CREATE UNIQUE INDEX record_change_commit_1_key ON record_change_commit_1 (collector, repository, change, sha, role);
CREATE INDEX record_change_commit_1_scope ON record_change_commit_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_change_event_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  repository INTEGER NOT NULL,
  change TEXT NOT NULL,
  event TEXT NOT NULL,
  kind INTEGER NOT NULL,
  actor INTEGER,
  is_author INTEGER,
  is_bot INTEGER,
  at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_change_event_1_key ON record_change_event_1 (collector, repository, change, event);
CREATE INDEX record_change_event_1_scope ON record_change_event_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_ci_job_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  pipeline INTEGER NOT NULL,
  run TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  job TEXT NOT NULL,
  repository INTEGER NOT NULL,
  name INTEGER NOT NULL,
  stage INTEGER,
  sha BLOB,
  branch INTEGER,
  result INTEGER,
  original_result INTEGER NOT NULL,
  allow_failure INTEGER,
  environment INTEGER,
  created_at INTEGER,
  queued_at INTEGER,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX record_ci_job_1_key ON record_ci_job_1 (collector, pipeline, run, attempt, job);
CREATE INDEX record_ci_job_1_scope ON record_ci_job_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_ci_run_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  pipeline INTEGER NOT NULL,
  run TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  sha BLOB,
  branch INTEGER,
  trigger INTEGER,
  result INTEGER,
  original_result INTEGER NOT NULL,
  created_at INTEGER,
  queued_at INTEGER,
  started_at INTEGER,
  finished_at INTEGER,
  parent_run TEXT
) STRICT;
CREATE UNIQUE INDEX record_ci_run_1_key ON record_ci_run_1 (collector, pipeline, run, attempt);
CREATE INDEX record_ci_run_1_scope ON record_ci_run_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_commit_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  repository INTEGER NOT NULL,
  sha BLOB NOT NULL,
  parents BLOB NOT NULL,
  authored_at INTEGER,
  committed_at INTEGER,
  author INTEGER,
  n_files INTEGER,
  additions INTEGER,
  deletions INTEGER,
  is_bot INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_commit_1_key ON record_commit_1 (collector, repository, sha);
CREATE INDEX record_commit_1_scope ON record_commit_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_commit_path_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  repository INTEGER NOT NULL,
  sha BLOB NOT NULL,
  path_prefix INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_commit_path_1_key ON record_commit_path_1 (collector, repository, sha, path_prefix);
CREATE INDEX record_commit_path_1_scope ON record_commit_path_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_deployment_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  origin INTEGER NOT NULL,
  deployment TEXT NOT NULL,
  environment INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  sha BLOB NOT NULL,
  ref INTEGER,
  service_hint INTEGER,
  environment_class INTEGER,
  created_at INTEGER NOT NULL,
  job TEXT
) STRICT;
CREATE UNIQUE INDEX record_deployment_1_key ON record_deployment_1 (collector, origin, deployment, environment);
CREATE INDEX record_deployment_1_scope ON record_deployment_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_deployment_change_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  origin INTEGER NOT NULL,
  deployment TEXT NOT NULL,
  environment INTEGER NOT NULL,
  repository INTEGER NOT NULL,
  change TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_deployment_change_1_key ON record_deployment_change_1 (collector, origin, deployment, environment, repository, change);
CREATE INDEX record_deployment_change_1_scope ON record_deployment_change_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_deployment_status_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  origin INTEGER NOT NULL,
  deployment TEXT NOT NULL,
  environment INTEGER NOT NULL,
  status TEXT NOT NULL,
  state INTEGER NOT NULL,
  original_state INTEGER,
  at INTEGER NOT NULL,
  is_guess INTEGER
) STRICT;
CREATE UNIQUE INDEX record_deployment_status_1_key ON record_deployment_status_1 (collector, origin, deployment, environment, status);
CREATE INDEX record_deployment_status_1_scope ON record_deployment_status_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_incident_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  incident TEXT NOT NULL,
  severity INTEGER,
  service_hint INTEGER,
  repository INTEGER,
  state INTEGER NOT NULL,
  labels TEXT,
  opened_at INTEGER NOT NULL,
  impact_started_at INTEGER
) STRICT;
CREATE UNIQUE INDEX record_incident_1_key ON record_incident_1 (collector, incident);
CREATE INDEX record_incident_1_scope ON record_incident_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_incident_event_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  incident TEXT NOT NULL,
  event TEXT NOT NULL,
  kind INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_incident_event_1_key ON record_incident_event_1 (collector, incident, event);
CREATE INDEX record_incident_event_1_scope ON record_incident_event_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_incident_link_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  incident TEXT NOT NULL,
  deployment TEXT NOT NULL,
  role INTEGER NOT NULL,
  refers_to INTEGER NOT NULL,
  repository INTEGER,
  method INTEGER NOT NULL,
  confidence REAL
) STRICT;
CREATE UNIQUE INDEX record_incident_link_1_key ON record_incident_link_1 (collector, incident, deployment, role);
CREATE INDEX record_incident_link_1_scope ON record_incident_link_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE record_ref_1 (
  id INTEGER PRIMARY KEY,
  collector INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  removed_at INTEGER,
  scope INTEGER,
  repository INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  target BLOB NOT NULL,
  sha BLOB NOT NULL,
  tagged_at INTEGER,
  annotated INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_ref_1_key ON record_ref_1 (collector, repository, kind, name, target);
CREATE INDEX record_ref_1_scope ON record_ref_1 (collector, scope)
  WHERE scope IS NOT NULL AND removed_at IS NULL;
CREATE TABLE run_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collector TEXT NOT NULL,
  mode TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  outcome TEXT,
  message TEXT,
  counts TEXT
) STRICT;
CREATE INDEX run_log_collector ON run_log (collector, id);
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sqlite_sequence(name,seq);
CREATE TABLE text (
  id INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;
CREATE VIEW view_change_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  r.change,
  (SELECT value FROM text WHERE text.id = r.state) AS state,
  r.draft,
  r.created_at,
  r.merged_at,
  r.closed_at,
  (SELECT value FROM text WHERE text.id = r.base) AS base,
  (SELECT value FROM text WHERE text.id = r.author) AS author,
  r.is_bot,
  r.additions,
  r.deletions,
  r.labels,
  r.reverts
FROM record_change_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_change_commit_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  r.change,
  lower(hex(r.sha)) AS sha,
  (SELECT value FROM text WHERE text.id = r.role) AS role,
  r.authored_at
FROM record_change_commit_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_change_event_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  r.change,
  r.event,
  (SELECT value FROM text WHERE text.id = r.kind) AS kind,
  (SELECT value FROM text WHERE text.id = r.actor) AS actor,
  r.is_author,
  r.is_bot,
  r.at
FROM record_change_event_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_ci_job_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.pipeline) AS pipeline,
  r.run,
  r.attempt,
  r.job,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  (SELECT value FROM text WHERE text.id = r.name) AS name,
  (SELECT value FROM text WHERE text.id = r.stage) AS stage,
  lower(hex(r.sha)) AS sha,
  (SELECT value FROM text WHERE text.id = r.branch) AS branch,
  (SELECT value FROM text WHERE text.id = r.result) AS result,
  (SELECT value FROM text WHERE text.id = r.original_result) AS original_result,
  r.allow_failure,
  (SELECT value FROM text WHERE text.id = r.environment) AS environment,
  r.created_at,
  r.queued_at,
  r.started_at,
  r.finished_at
FROM record_ci_job_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_ci_run_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.pipeline) AS pipeline,
  r.run,
  r.attempt,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  lower(hex(r.sha)) AS sha,
  (SELECT value FROM text WHERE text.id = r.branch) AS branch,
  (SELECT value FROM text WHERE text.id = r.trigger) AS trigger,
  (SELECT value FROM text WHERE text.id = r.result) AS result,
  (SELECT value FROM text WHERE text.id = r.original_result) AS original_result,
  r.created_at,
  r.queued_at,
  r.started_at,
  r.finished_at,
  r.parent_run
FROM record_ci_run_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_commit_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  lower(hex(r.sha)) AS sha,
  lower(hex(r.parents)) AS parents,
  r.authored_at,
  r.committed_at,
  (SELECT value FROM text WHERE text.id = r.author) AS author,
  r.n_files,
  r.additions,
  r.deletions,
  r.is_bot
FROM record_commit_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_commit_path_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  lower(hex(r.sha)) AS sha,
  (SELECT value FROM text WHERE text.id = r.path_prefix) AS path_prefix
FROM record_commit_path_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_deployment_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.origin) AS origin,
  r.deployment,
  (SELECT value FROM text WHERE text.id = r.environment) AS environment,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  lower(hex(r.sha)) AS sha,
  (SELECT value FROM text WHERE text.id = r.ref) AS ref,
  (SELECT value FROM text WHERE text.id = r.service_hint) AS service_hint,
  (SELECT value FROM text WHERE text.id = r.environment_class) AS environment_class,
  r.created_at,
  r.job
FROM record_deployment_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_deployment_change_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.origin) AS origin,
  r.deployment,
  (SELECT value FROM text WHERE text.id = r.environment) AS environment,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  r.change
FROM record_deployment_change_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_deployment_status_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.origin) AS origin,
  r.deployment,
  (SELECT value FROM text WHERE text.id = r.environment) AS environment,
  r.status,
  (SELECT value FROM text WHERE text.id = r.state) AS state,
  (SELECT value FROM text WHERE text.id = r.original_state) AS original_state,
  r.at,
  r.is_guess
FROM record_deployment_status_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_incident_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  r.incident,
  (SELECT value FROM text WHERE text.id = r.severity) AS severity,
  (SELECT value FROM text WHERE text.id = r.service_hint) AS service_hint,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  (SELECT value FROM text WHERE text.id = r.state) AS state,
  r.labels,
  r.opened_at,
  r.impact_started_at
FROM record_incident_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_incident_event_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  r.incident,
  r.event,
  (SELECT value FROM text WHERE text.id = r.kind) AS kind,
  r.at
FROM record_incident_event_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_incident_link_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  r.incident,
  r.deployment,
  (SELECT value FROM text WHERE text.id = r.role) AS role,
  (SELECT value FROM text WHERE text.id = r.refers_to) AS refers_to,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  (SELECT value FROM text WHERE text.id = r.method) AS method,
  r.confidence
FROM record_incident_link_1 AS r WHERE r.removed_at IS NULL;
CREATE VIEW view_ref_1 AS SELECT
  r.id,
  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,
  r.run_id,
  r.first_seen_at,
  r.changed_at,
  (SELECT value FROM text WHERE text.id = r.repository) AS repository,
  (SELECT value FROM text WHERE text.id = r.kind) AS kind,
  r.name,
  lower(hex(r.target)) AS target,
  lower(hex(r.sha)) AS sha,
  r.tagged_at,
  r.annotated
FROM record_ref_1 AS r WHERE r.removed_at IS NULL;
