#include "daemon/expose/self_metrics.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <set>

#include "daemon/base/utf8.h"
#include "daemon/expose/exposition.h"
#include "daemon/expose/label.h"
#include "daemon/expose/process.h"
#include "daemon/expose/series_set.h"

namespace baselined::expose {
namespace {

constexpr std::string_view kOk = "ok";

std::vector<std::string> outcomes() {
  std::vector<std::string> all = {std::string(kOk)};
  for (auto code = static_cast<int>(Error::Code::config);
       code <= static_cast<int>(Error::kLastCode); ++code) {
    all.emplace_back(to_string(static_cast<Error::Code>(code)));
  }
  return all;
}

// The errors that waiting does not cure.
constexpr Error::Code kParkingCodes[] = {Error::Code::config, Error::Code::auth,
                                         Error::Code::unsupported, Error::Code::disk_full};
// How a worker usually dies: assertion, memory, kill at the deadline, sandbox.
constexpr int kUsualSignals[] = {SIGABRT, SIGBUS, SIGKILL, SIGSEGV, SIGSYS};

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : std::to_string(signal);
}

double seconds(Microseconds duration) { return std::chrono::duration<double>(duration).count(); }
double seconds(UtcTime time) { return seconds(time.time_since_epoch()); }

struct CollectorFamilies {
  explicit CollectorFamilies(prometheus::Registry& registry)
      : runs(registry, "baselined_collector_runs_total",
             "Finished runs of a collector, by outcome."),
        worker_exits(registry, "baselined_collector_worker_exits_total",
                     "Workers of a collector that a signal ended."),
        limit_hits(registry, "baselined_collector_limit_hits_total",
                   "Runs of a collector that reached a limit, by limit."),
        cpu(registry, "baselined_collector_cpu_seconds_total",
            "Processor time of the workers of a collector."),
        records(registry, "baselined_collector_records_total",
                "Records that runs of a collector committed, by what they did in the store."),
        skipped_slots(registry, "baselined_collector_skipped_slots_total",
                      "Times a collector should have run but its last run was still going."),
        discarded_rows(registry, "baselined_collector_discarded_rows_total",
                       "Rows that a run sent after its last commit and that were not stored."),
        last_success(registry, "baselined_collector_last_success_timestamp_seconds",
                     "When the last successful run of a collector ended."),
        run_duration(registry, "baselined_collector_run_duration_seconds",
                     "How long the last run of a collector took."),
        consecutive_failures(registry, "baselined_collector_consecutive_failures",
                             "Failed runs of a collector since its last successful one."),
        parked(registry, "baselined_collector_parked",
               "1 while a collector does not run until somebody does something, by reason.") {}

  void create(const CollectorInfo& collector) {
    const std::string& name = collector.name;
    for (const std::string& outcome : outcomes()) {
      runs.at({{"collector", name}, {"outcome", outcome}});
    }
    for (const int signal : kUsualSignals) {
      worker_exits.at({{"collector", name}, {"signal", signal_name(signal)}});
    }
    for (const std::string& contract : collector.contracts) {
      add_records(name, contract, RecordCounts());
    }
    for (const Error::Code code : kParkingCodes) {
      parked.at({{"collector", name}, {"reason", std::string(to_string(code))}});
    }
    for (const char* limit :
         {"cpu", "data", "log_lines", "memory", "requests", "response_data", "rows", "time"}) {
      limit_hits.at({{"collector", name}, {"limit", limit}});
    }
    cpu.at({{"collector", name}});
    skipped_slots.at({{"collector", name}});
    discarded_rows.at({{"collector", name}});
    consecutive_failures.at({{"collector", name}});
  }

  void remove(const std::string& name) {
    for (Counters* counters :
         {&runs, &worker_exits, &limit_hits, &cpu, &records, &skipped_slots, &discarded_rows}) {
      counters->remove("collector", name);
    }
    for (Gauges* gauges : {&last_success, &run_duration, &consecutive_failures, &parked}) {
      gauges->remove("collector", name);
    }
  }

  void add_records(const std::string& name, const std::string& contract,
                   const RecordCounts& counts) {
    const auto add = [&](const std::string& op, std::uint64_t count) {
      records.at({{"collector", name}, {"contract", clean_utf8(contract)}, {"op", op}})
          .Increment(static_cast<double>(count));
    };
    add("inserted", counts.inserted);
    add("updated", counts.updated);
    add("removed", counts.removed);
    add("unchanged", counts.unchanged);
  }

  Counters runs;
  Counters worker_exits;
  Counters limit_hits;
  Counters cpu;
  Counters records;
  Counters skipped_slots;
  Counters discarded_rows;
  Gauges last_success;
  Gauges run_duration;
  Gauges consecutive_failures;
  Gauges parked;
};

struct ConnectionFamilies {
  explicit ConnectionFamilies(prometheus::Registry& registry)
      : requests(registry, "baselined_connection_requests_total",
                 "Requests over a connection that ended, by class of their status; none: without "
                 "an answer."),
        retries(registry, "baselined_connection_retries_total",
                "Requests over a connection that were tried again."),
        received(registry, "baselined_connection_received_bytes_total",
                 "Bodies of answers over a connection, decompressed."),
        seconds_total(registry, "baselined_connection_request_seconds_total",
                      "Time that the requests over a connection took."),
        in_flight(registry, "baselined_connection_requests_in_flight",
                  "Requests over a connection that wait for their answer."),
        rate_remaining(registry, "baselined_connection_ratelimit_remaining",
                       "Requests that the source of a connection last said it would still accept."),
        blocked_until(registry, "baselined_connection_blocked_until_timestamp_seconds",
                      "Until when nothing is sent over a connection, as its source asked.") {}

  void set(const ConnectionState& state) {
    static constexpr const char* kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const auto count = [&state](Counters& counters, double value, prometheus::Labels labels = {}) {
      labels.emplace("connection", state.name);
      prometheus::Counter& counter = counters.at(labels);
      counter.Increment(value - counter.Value());
    };
    for (std::size_t status = 0; status < state.requests.size(); ++status) {
      count(requests, static_cast<double>(state.requests[status]), {{"status", kClasses[status]}});
    }
    count(retries, static_cast<double>(state.retries));
    count(received, static_cast<double>(state.received_bytes));
    count(seconds_total, state.seconds);
    const prometheus::Labels connection = {{"connection", state.name}};
    in_flight.at(connection).Set(static_cast<double>(state.in_flight));
    // What a source never said has no sample.
    if (state.rate_remaining) {
      rate_remaining.at(connection).Set(static_cast<double>(*state.rate_remaining));
    }
    if (state.blocked_until) {
      blocked_until.at(connection).Set(seconds(*state.blocked_until));
    }
  }

  void remove(const std::string& name) {
    for (Counters* counters : {&requests, &retries, &received, &seconds_total}) {
      counters->remove("connection", name);
    }
    for (Gauges* gauges : {&in_flight, &rate_remaining, &blocked_until}) {
      gauges->remove("connection", name);
    }
  }

  Counters requests;
  Counters retries;
  Counters received;
  Counters seconds_total;
  Gauges in_flight;
  Gauges rate_remaining;
  Gauges blocked_until;
};

struct DaemonFamilies {
  explicit DaemonFamilies(prometheus::Registry& registry)
      : build_info(registry, "baselined_build_info", "The running version; always 1."),
        store_size(registry, "baselined_store_size_bytes", "Size of the database file."),
        store_wal(registry, "baselined_store_wal_bytes", "Size of the write-ahead log."),
        damaged_copies(registry, "baselined_store_damaged_copies",
                       "Damaged databases that were moved aside and are still there."),
        lost_logs(registry, "baselined_store_lost_logs",
                  "Write-ahead logs without their database that were moved aside and are still "
                  "there."),
        sandbox(registry, "baselined_sandbox_level",
                "How many of Landlock and seccomp confine the plugins; 2: both."),
        last_commit(registry, "baselined_store_last_commit_timestamp_seconds",
                    "When the store last committed records."),
        refresh_duration(registry, "baselined_kpi_refresh_duration_seconds",
                         "How long the last refresh of all KPIs took."),
        last_refresh(registry, "baselined_kpi_last_refresh_timestamp_seconds",
                     "When the KPIs were last refreshed."),
        refresh_failures(registry, "baselined_kpi_refresh_failures_total",
                         "Refreshes that failed, so that the KPIs shown are older."),
        reload_successful(
            registry, "baselined_config_last_reload_successful",
            "Whether the last load of the configuration was taken; 0: the daemon goes "
            "on with the one before."),
        last_reload(registry, "baselined_config_last_reload_success_timestamp_seconds",
                    "When the configuration was last loaded and taken."),
        cpu(registry, "process_cpu_seconds_total", "CPU time used, user and system."),
        start_time(registry, "process_start_time_seconds", "When the process started."),
        resident(registry, "process_resident_memory_bytes", "Resident memory."),
        virtual_memory(registry, "process_virtual_memory_bytes", "Virtual memory."),
        open_fds(registry, "process_open_fds", "Open file descriptors."),
        max_fds(registry, "process_max_fds", "Most file descriptors that may be open.") {
    refresh_failures.at({});
  }

  void set_process(const ProcessState& state) {
    if (state.cpu_seconds) {
      prometheus::Counter& counter = cpu.at({});
      counter.Increment(*state.cpu_seconds - counter.Value());
    }
    const auto set = [](Gauges& gauges, const auto& value) {
      if (value) {
        gauges.at({}).Set(static_cast<double>(*value));
      }
    };
    set(start_time, state.start_time_seconds);
    set(resident, state.resident_bytes);
    set(virtual_memory, state.virtual_bytes);
    set(open_fds, state.open_fds);
    set(max_fds, state.max_fds);
  }

  Gauges build_info;
  Gauges store_size;
  Gauges store_wal;
  Gauges damaged_copies;
  Gauges lost_logs;
  Gauges sandbox;
  Gauges last_commit;
  Gauges refresh_duration;
  Gauges last_refresh;
  Counters refresh_failures;
  Gauges reload_successful;
  Gauges last_reload;
  Counters cpu;
  Gauges start_time;
  Gauges resident;
  Gauges virtual_memory;
  Gauges open_fds;
  Gauges max_fds;
};

}  // namespace

class SelfMetrics::Implementation {
 public:
  bool knows(const std::string& collector) const { return names.contains(collector); }

  prometheus::Registry registry;
  CollectorFamilies collectors{registry};
  ConnectionFamilies connections{registry};
  DaemonFamilies daemon{registry};
  std::set<std::string> names;
  std::vector<ConnectionState> connection_states;
  bool is_changed = true;
};

SelfMetrics::SelfMetrics(const std::string& version)
    : implementation_(std::make_unique<Implementation>()) {
  implementation_->daemon.build_info.at({{"version", clean_utf8(version)}}).Set(1);
}

SelfMetrics::~SelfMetrics() = default;

void SelfMetrics::set_collectors(std::span<const CollectorInfo> collectors) {
  std::set<std::string> names;
  for (const CollectorInfo& collector : collectors) {
    names.insert(collector.name);
    implementation_->collectors.create(collector);
  }
  for (const std::string& name : implementation_->names) {
    if (!names.contains(name)) {
      implementation_->collectors.remove(name);
    }
  }
  implementation_->names = std::move(names);
  implementation_->is_changed = true;
}

void SelfMetrics::run_finished(const FinishedRun& run) {
  if (!implementation_->knows(run.collector)) {
    return;
  }
  CollectorFamilies& families = implementation_->collectors;
  const prometheus::Labels collector = {{"collector", run.collector}};
  families.runs.at({{"collector", run.collector}, {"outcome", run.outcome}}).Increment();
  families.run_duration.at(collector).Set(seconds(run.duration));
  families.discarded_rows.at(collector).Increment(static_cast<double>(run.discarded_rows));
  for (const auto& [contract, counts] : run.records) {
    families.add_records(run.collector, contract, counts);
  }
  families.cpu.at(collector).Increment(seconds(run.cpu));
  for (const std::string& limit : run.limits_hit) {
    families.limit_hits.at({{"collector", run.collector}, {"limit", limit}}).Increment();
  }
  if (run.exit_signal != 0) {
    families.worker_exits
        .at({{"collector", run.collector}, {"signal", signal_name(run.exit_signal)}})
        .Increment();
  }
  if (run.outcome == kOk) {
    families.last_success.at(collector).Set(seconds(run.finished_at));
    families.consecutive_failures.at(collector).Set(0);
  } else if (run.outcome != to_string(Error::Code::cancelled)) {
    families.consecutive_failures.at(collector).Increment();
  }
  implementation_->is_changed = true;
}

void SelfMetrics::set_last_success(const std::string& collector, UtcTime at) {
  if (implementation_->knows(collector)) {
    implementation_->collectors.last_success.at({{"collector", collector}}).Set(seconds(at));
    implementation_->is_changed = true;
  }
}

void SelfMetrics::set_parked(const std::string& collector, std::string_view reason) {
  if (!implementation_->knows(collector)) {
    return;
  }
  const std::string clean = clean_utf8(reason);
  Gauges& parked = implementation_->collectors.parked;
  if (!clean.empty()) {
    parked.at({{"collector", collector}, {"reason", clean}});
  }
  parked.set_state(collector, "reason", clean);
  implementation_->is_changed = true;
}

void SelfMetrics::add_skipped_slots(const std::string& collector, std::uint64_t slots) {
  if (implementation_->knows(collector)) {
    implementation_->collectors.skipped_slots.at({{"collector", collector}})
        .Increment(static_cast<double>(slots));
    implementation_->is_changed = true;
  }
}

void SelfMetrics::set_connections(std::vector<ConnectionState> connections) {
  std::vector<ConnectionState>& before = implementation_->connection_states;
  if (connections == before) {
    return;
  }
  for (const ConnectionState& old : before) {
    const auto still =
        std::find_if(connections.begin(), connections.end(),
                     [&](const ConnectionState& state) { return state.name == old.name; });
    if (still == connections.end()) {
      implementation_->connections.remove(old.name);
    }
  }
  for (const ConnectionState& state : connections) {
    implementation_->connections.set(state);
  }
  before = std::move(connections);
  implementation_->is_changed = true;
}

void SelfMetrics::set_store(const StoreState& state) {
  implementation_->daemon.store_size.at({}).Set(static_cast<double>(state.size_bytes));
  implementation_->daemon.store_wal.at({}).Set(static_cast<double>(state.wal_bytes));
  implementation_->daemon.damaged_copies.at({}).Set(static_cast<double>(state.damaged_copies));
  implementation_->daemon.lost_logs.at({}).Set(static_cast<double>(state.lost_logs));
  implementation_->is_changed = true;
}

void SelfMetrics::set_sandbox(int level) {
  implementation_->daemon.sandbox.at({}).Set(level);
  implementation_->is_changed = true;
}

void SelfMetrics::set_last_commit(UtcTime at) {
  implementation_->daemon.last_commit.at({}).Set(seconds(at));
  implementation_->is_changed = true;
}

void SelfMetrics::kpi_refreshed(Microseconds duration, UtcTime at) {
  implementation_->daemon.refresh_duration.at({}).Set(seconds(duration));
  implementation_->daemon.last_refresh.at({}).Set(seconds(at));
  implementation_->is_changed = true;
}

void SelfMetrics::kpi_refresh_failed() {
  implementation_->daemon.refresh_failures.at({}).Increment();
  implementation_->is_changed = true;
}

void SelfMetrics::config_loaded(UtcTime at) {
  implementation_->daemon.reload_successful.at({}).Set(1);
  implementation_->daemon.last_reload.at({}).Set(seconds(at));
  implementation_->is_changed = true;
}

void SelfMetrics::config_refused() {
  implementation_->daemon.reload_successful.at({}).Set(0);
  implementation_->is_changed = true;
}

bool SelfMetrics::is_changed() const { return implementation_->is_changed; }

std::string SelfMetrics::render() {
  implementation_->daemon.set_process(read_process_state());
  implementation_->is_changed = false;
  return to_text(implementation_->registry.Collect());
}

}  // namespace baselined::expose
