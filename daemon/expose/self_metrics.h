// The daemon's own health: collectors, store, KPI refresh, process.
//
// Everything that can be counted exists as 0 before it happens first, so that rate() and alerts see
// the first failure. What was never measured (a last success, a duration) has no sample.
// A collector that left the configuration takes its series with it.
// Ownership: holds its own prometheus::Registry.
// Threads: one, that of the io_context.
//
//   SelfMetrics metrics("0.1.0");
//   metrics.set_collectors(collectors);
//   metrics.run_finished(run);
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"

namespace baselined::expose {

struct CollectorInfo {
  std::string name;
  std::vector<std::string> contracts;  // that its plugin declares
};

struct RecordCounts {
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t removed = 0;
  std::uint64_t unchanged = 0;
};

struct FinishedRun {
  std::string collector;
  std::string outcome;  // "ok", or the error's code
  Microseconds duration = Microseconds(0);
  UtcTime finished_at;
  std::map<std::string, RecordCounts> records;  // by contract
  std::uint64_t discarded_rows = 0;
  int exit_signal = 0;  // of the worker; 0: it exited by itself
  Microseconds cpu = Microseconds(0);
  std::set<std::string> limits_hit;
};

struct StoreState {
  std::uint64_t size_bytes = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t damaged_copies = 0;  // moved aside and still there
  std::uint64_t lost_logs = 0;
};

// What the requests over one connection came to, since the start of the daemon.
struct ConnectionState {
  std::string name;
  std::array<std::uint64_t, 6> requests{};  // [0]: no answer; [1] to [5]: by class of the status
  std::uint64_t retries = 0;
  std::uint64_t received_bytes = 0;  // decompressed
  double seconds = 0;                // of all that ended
  std::uint64_t in_flight = 0;
  std::optional<std::uint64_t> rate_remaining;  // as the source last said
  std::optional<UtcTime> blocked_until;

  friend bool operator==(const ConnectionState&, const ConnectionState&) = default;
};

class SelfMetrics {
 public:
  explicit SelfMetrics(const std::string& version);
  ~SelfMetrics();

  // Exactly these are in the configuration now. Those that were there keep their counters.
  void set_collectors(std::span<const CollectorInfo> collectors);
  // Of these calls, those about a collector that is not in the configuration are ignored: its last
  // run may end after a reload.
  void run_finished(const FinishedRun& run);
  void set_last_success(const std::string& collector, UtcTime at);  // known from an earlier life
  void set_parked(const std::string& collector, std::string_view reason);  // empty: not parked
  void add_skipped_slots(const std::string& collector, std::uint64_t slots);

  // Exactly these are in the configuration now.
  void set_connections(std::vector<ConnectionState> connections);
  void set_store(const StoreState& state);
  // How many of Landlock and seccomp confine the workers.
  void set_sandbox(int level);
  void set_last_commit(UtcTime at);
  void kpi_refreshed(Microseconds duration, UtcTime at);
  void kpi_refresh_failed();
  // The configuration was loaded, at the start or by a reload; or a reload was refused.
  void config_loaded(UtcTime at);
  void config_refused();

  // Whether anything was told since the last render().
  bool is_changed() const;
  // Prometheus text, sorted; process_* are read from /proc now.
  std::string render();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace baselined::expose
