// FakeHost: a host inside the test's process, to run a plugin against and see what it did.
//
//   baselined::sdk::FakeHost host;
//   host.freeze_now(1'772'352'000'000'000);
//   const auto run = host.collect(bl_plugin_main_v0(0), R"({"path":"/srv/git"})");
//   EXPECT_EQ(run.status, BL_OK) << run.error;
//   EXPECT_EQ(run.rows_of("commit/1").size(), 3u);
//
// It is as strict as the real one (types, counts, required columns, finite numbers, UTF-8) and
// keeps cursors, open sets and records between runs: what a commit made durable, nothing else.
//
// HTTP is answered from a cassette, which `baselined collect NAME --record DIR` writes, or a
// person:
//   host.play_cassette("testdata/first_run");
// A request that is not in it fails the run, with what was expected instead.
// Ownership: a FakeHost must outlive its runs; results are values.
// Threads: one run at a time; log, is_cancelled and now may be called from any thread meanwhile.
// Errors: never throws for what the plugin does; RunResult says what went wrong.
#pragma once

#include <baselined/cassette.h>
#include <baselined/plugin.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace baselined::sdk {

struct Field {
  bl_type type = BL_NULL;
  std::int64_t integer = 0;  // BOOL, INT, TIME
  double real = 0;           // FLOAT
  std::string text;          // TEXT, BYTES, DECIMAL

  bool is_null() const { return type == BL_NULL; }
  // As in a record's JSON: a time is its microseconds, bytes are hexadecimal.
  std::string json() const;
  friend bool operator==(const Field&, const Field&) = default;
};

struct Row {
  std::string contract;
  std::map<std::string, Field> fields;

  // A column that the stream does not have is a null field.
  const Field& at(const std::string& column) const;
  const std::string& text(const std::string& column) const { return at(column).text; }
  std::int64_t integer(const std::string& column) const { return at(column).integer; }
  bool is_null(const std::string& column) const { return at(column).is_null(); }
  // {"contract":"commit/1","row":{...}} with sorted keys, without a line end.
  std::string json() const;
  friend bool operator==(const Row&, const Row&) = default;
};

struct Coverage {
  std::string contract;
  std::string scope;
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::string reason;  // empty: complete
  friend bool operator==(const Coverage&, const Coverage&) = default;
};

struct LogLine {
  bl_level level = BL_INFO;
  std::string text;
};

struct ProgressReport {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string unit;
};

struct CommitReport {
  std::string key;
  std::string cursor;
};

struct ScopeReport {
  std::string contract;
  std::string scope;
};

// One run. rows to open_sets hold what commits made durable, in the order of the calls.
struct RunResult {
  bl_status status = BL_OK;
  std::string error;  // the last set_error that belongs to the status, or why the host refused
  std::int64_t retry_after_ms = 0;

  std::vector<Row> rows;
  std::vector<Row> removals;  // key columns only
  std::vector<Coverage> coverage;
  std::vector<ScopeReport> scopes;
  std::vector<CommitReport> commits;
  std::uint64_t changed = 0;         // records that rows and removals added, changed or removed
  std::uint64_t discarded_rows = 0;  // after the last commit

  std::vector<cassette::Request> requests;  // over HTTP, as the plugin made them
  std::vector<LogLine> logs;
  std::vector<ProgressReport> progress;
  std::uint64_t calls = 0;  // that can fail: all of the host table but log, is_cancelled, now, info
  std::uint64_t polls = 0;  // of is_cancelled

  std::vector<Row> rows_of(std::string_view contract) const;
  // One line per row.
  std::string ndjson() const;
};

class FakeHost {
 public:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  // Settings of the runs that follow.
  void freeze_now(std::int64_t now_us) { now_us_ = now_us; }  // not called: the real clock
  void set_mode(std::uint32_t mode) { info_.mode = mode; }    // BL_RUN_*
  void set_window(std::int64_t begin_us, std::int64_t end_us);
  void without_extensions() { has_extensions_ = false; }
  // Freezes now at when it was recorded, too: freeze_now() afterwards, to have it otherwise. A
  // cassette that cannot be read is BL_ERR_CONFIG of the runs that follow.
  void play_cassette(const std::filesystem::path& folder);
  void play(cassette::Cassette cassette);
  // The nth call that can fail (from 1) returns this status without any effect.
  void fail_at_call(std::uint64_t nth, bl_status status);
  // From the nth call that can fail, or poll of is_cancelled, on the run is cancelled.
  void cancel_at_call(std::uint64_t nth) { cancel_at_call_ = nth; }
  void cancel_at_poll(std::uint64_t nth) { cancel_at_poll_ = nth; }
  void clear_faults();

  // create, collect, destroy. A plugin that is not there (nullptr) is BL_ERR_UNSUPPORTED.
  RunResult collect(const bl_plugin* plugin, std::string_view options_json);

  // What is durable, over all runs.
  std::string cursor(const std::string& key) const;
  void set_cursor(const std::string& key, const std::string& value) { cursors_[key] = value; }
  std::vector<std::string> open_set(const std::string& contract, const std::string& scope) const;
  // Every record that is alive, ordered by contract and key.
  std::vector<Row> records() const;
  std::vector<Row> records_of(std::string_view contract) const;
  std::string ndjson() const;
  // "0003.json: GET /projects?page=3" of what is in the cassette and was not asked for.
  std::vector<std::string> unused_exchanges() const;

 private:
  friend class FakeRun;
  struct Record {
    Row row;
    std::string scope;  // of the begin_scope that it came with
  };
  using RecordKey = std::tuple<std::string, std::string>;  // contract, key as JSON
  using SetKey = std::tuple<std::string, std::string>;     // contract, scope
  struct Validator {
    std::string etag;
    std::string last_modified;
  };

  bl_run_info info_ = {sizeof(bl_run_info), BL_RUN_INCREMENTAL, 0, 0,
                       std::numeric_limits<std::int64_t>::max()};
  std::int64_t now_us_ = std::numeric_limits<std::int64_t>::min();  // min: the real clock
  bool has_extensions_ = true;
  std::uint64_t fail_at_call_ = kNever;
  bl_status fail_status_ = BL_OK;
  std::uint64_t cancel_at_call_ = kNever;
  std::uint64_t cancel_at_poll_ = kNever;

  std::map<std::string, std::string> cursors_;
  std::map<SetKey, std::vector<std::string>> open_sets_;
  std::map<RecordKey, Record> records_;

  std::optional<cassette::Player> player_;
  std::string cassette_problem_;
  std::map<std::string, Validator> validators_;  // by target, of answers that were committed
};

}  // namespace baselined::sdk
