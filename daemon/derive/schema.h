// The fact tables and what they were derived from. README.md has the columns.
//
// Fact tables are disposable: another version of their layout, or another mapping, drops them and
// derives them again. Nothing migrates.
// Threads: the thread that owns the write connection; readers for the state.
// Errors: those of the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/derive/mapping.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

// What facts are a function of, small enough to compare on every update.
struct State {
  std::string version;       // of the tables
  std::string mapping;       // its hash
  std::string coverage;      // a hash of all spans
  std::int64_t commits = 0;  // the last record_commit_1 taken in
  std::int64_t paths = 0;
  std::int64_t refs = 0;
  std::int64_t deployments = 0;
  std::int64_t statuses = 0;  // of deployments
  std::int64_t jobs = 0;
  std::int64_t runs = 0;
  std::int64_t changes = 0;
  std::int64_t change_commits = 0;
  std::int64_t change_events = 0;
  std::int64_t incidents = 0;
  std::int64_t incident_events = 0;
  std::int64_t incident_links = 0;

  // No record that was taken in is gone.
  bool follows(const State& earlier) const;

  bool operator==(const State&) const = default;
};

// Of the stored facts; nothing where there are none.
Result<std::optional<State>> stored_state(store::Connection& db);
// Of the records and this mapping, as they are now.
Result<State> present_state(store::Connection& db, const Mapping& mapping);
Status store_state(store::Connection& db, const State& state);
// Changed records that no update has taken in yet.
Result<bool> has_changes(store::Connection& db);

// Drops every fact and creates the tables, without indexes: bulk first, create_indexes after.
Status recreate_tables(store::Connection& db);
Status create_indexes(store::Connection& db);

}  // namespace baselined::derive
