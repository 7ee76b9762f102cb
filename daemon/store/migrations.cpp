#include "daemon/store/migrations.h"

#include <fmt/format.h>

#include <array>

#include "daemon/store/schema.h"

namespace baselined::store {
namespace {

// 1: the first schema.
constexpr const char* kFirstSchema = R"sql(
CREATE TABLE collector (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE text (
  id INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE record_change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  contract TEXT NOT NULL,
  row INTEGER NOT NULL
) STRICT;

CREATE TABLE cursor (
  collector INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (collector, key)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE open_item (
  collector INTEGER NOT NULL,
  contract TEXT NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (collector, contract, scope, key)
) STRICT, WITHOUT ROWID;

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
)sql";

// 2: what the store knows about itself.
constexpr const char* kSettings = R"sql(
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// 3: what sources said of answers over HTTP. The highest id is the newest.
constexpr const char* kHttpValidators = R"sql(
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
)sql";

constexpr std::array<const char*, 3> kMigrations{kFirstSchema, kSettings, kHttpValidators};

}  // namespace

std::int64_t schema_version() { return static_cast<std::int64_t>(kMigrations.size()); }

Status migrate(Connection& db, const records::Contracts& contracts) {
  BL_TRY(Transaction transaction, Transaction::begin(db));
  BL_TRY(const std::int64_t version, db.integer("PRAGMA user_version"));
  for (auto step = static_cast<std::size_t>(version); step < kMigrations.size(); ++step) {
    BL_CHECK(db.execute(kMigrations.at(step)));
  }
  BL_CHECK(reconcile_contracts(db, contracts));
  if (version != schema_version()) {
    BL_CHECK(db.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                    kApplicationId, schema_version())));
  }
  return transaction.commit();
}

}  // namespace baselined::store
