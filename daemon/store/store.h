// The baseline store: one SQLite file, written by exactly one Store.
//
// open() takes the writer lock (on <state_dir>/lock), opens or creates
// <state_dir>/baselined.db, refuses a newer schema untouched and runs migrations in one
// transaction. A daemon starts in spite of a damaged file: that is moved aside, and all is
// collected again. Everything that writes goes through connection() on the thread that owns the
// Store. Commands that only read start with open_existing(), which refuses what open() would
// refuse. Ownership: a Store keeps nothing of the Contracts; the sinks it made must end before it.
// Threads: the thread that owns the write connection.
// Errors: config for a state directory that cannot be used (the message says what to do), limit
// for another writer, unsupported for a newer schema, data for corruption.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/records/record_sink.h"
#include "daemon/store/aside.h"
#include "daemon/store/sqlite.h"

namespace baselined::store {

std::filesystem::path database_file(const std::filesystem::path& state_dir);

// How much of the file open() reads before it trusts it. quick: all pages (about a second for
// 300 MiB). none: for commands that must answer at once; damage shows when it is met.
enum class OpenCheck : std::uint8_t { quick, none };

// What open() does with a damaged database, or a log that is not its own. move_aside: moves it out
// of the way, and goes on with what is left.
enum class OnDamage : std::uint8_t { refuse, move_aside };

// What was moved aside and is still there.
KeptAside kept_aside(const std::filesystem::path& state_dir);

// A reader of the database in `state_dir`; nothing where nothing was collected yet.
Result<std::optional<Connection>> open_existing(const std::filesystem::path& state_dir,
                                                OpenCheck check);

// Reads the whole database, each index compared with its table. One text for each damage that was
// found.
Result<std::vector<std::string>> find_damage(Connection& reader);

// The process that holds the writer lock of `state_dir`, if one does: "process 1234".
std::optional<std::string> find_writer(const std::filesystem::path& state_dir);

// One line of the run log.
struct RunRecord {
  std::string collector;
  std::string mode;  // "incremental", "full", "backfill", "probe"
  UtcTime started_at;
  UtcTime finished_at;
  std::string outcome;  // "ok", or the error's code; NULL while it runs
  std::string message;  // the failure, else what was warned about
  records::CountsByContract counts;
};

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& state_dir,
                                             const records::Contracts& contracts,
                                             OpenCheck check = OpenCheck::quick,
                                             OnDamage on_damage = OnDamage::refuse);
  // Leaves an empty log behind, where no reader holds it.
  virtual ~Store();

  // A sink for one run of one collector; rows get this run id. `clock` says when we learned it.
  // The store and the clock must outlive it.
  Result<std::unique_ptr<records::RecordSink>> record_sink(const std::string& collector,
                                                           std::int64_t run_id, const Clock& clock);
  // Are the file and its log still in their place? SQLite goes on writing to what nobody can find
  // any more, and a reader of another file in its place would tear at what they share. From any
  // thread.
  // Errors: transient.
  Status check_in_place() const;
  // Can another run be stored: is the file in its place, its disk not read-only and with space?
  // Looked at before a source is asked for anything. Errors: transient, disk_full.
  Status check_ready() const;
  // Ids count upwards over the life of the store.
  Result<std::int64_t> begin_run(const std::string& collector, const std::string& mode,
                                 UtcTime started_at);
  Status finish_run(std::int64_t run_id, const RunRecord& record);

  // What the store remembers by name, such as which key its pseudonyms were made with.
  Result<std::optional<std::string>> setting(std::string_view name);
  Status set_setting(std::string_view name, std::string_view value);

  Connection& connection();
  // Gives caches back to the system, for a daemon that has nothing to do. Nothing inside a
  // transaction.
  void release_memory();

 private:
  class Implementation;
  explicit Store(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace baselined::store
