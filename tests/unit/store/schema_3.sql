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
