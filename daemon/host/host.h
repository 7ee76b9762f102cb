// Host: runs one collection in one short-lived worker process, and never lets it hurt the daemon.
//
// It spawns the worker over a socket pair, feeds it, stages its rows (memory, then an unlinked
// file), and at each barrier has the sink store rows, cursor, coverage and open set in one
// transaction. Rows after the last barrier are discarded. The deadline kills the whole process
// group. A crash, a hang or a lie of a plugin is one failed run.
// Ownership: the io_context and the writer executor must outlive the Host, and the Host its runs.
// Where the io_context is destroyed in the middle of a run, the worker is killed and reaped and the
// sink destroyed there: stop the writer's thread before.
// Threads: run() and cancel() on the io_context's one thread (it spawns from there); sink calls are
// posted to `writer` (an executor with one thread).
// Errors: a run never throws or fails as a call; RunReport says how it went.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/config/configuration.h"
#include "daemon/host/plugins.h"
#include "daemon/records/contract.h"
#include "daemon/records/pseudonymiser.h"
#include "daemon/records/record_sink.h"
#include "daemon/wire/egress.h"
#include "daemon/wire/messages.h"

namespace baselined::host {

struct RunRequest {
  config::Collector collector;
  wire::RunMode mode = wire::RunMode::incremental;
  std::int64_t window_begin_us = 0;  // backfill only
  std::int64_t window_end_us = 0;
  std::optional<UtcTime> frozen_now;  // tests and replay
};

struct RunProgress {
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: unknown
  std::string unit;
};

struct RunReport {
  std::optional<Error> failure;  // nothing: ok
  std::string warnings;          // the first one of the plugin's, and how many more
  Microseconds retry_after = Microseconds(0);
  records::CountsByContract counts;  // of committed barriers
  std::uint64_t discarded_rows = 0;  // after the last barrier
  std::uint64_t peak_memory_kib = 0;
  Microseconds duration = Microseconds(0);
  int exit_signal = 0;                           // 0: exited by itself
  Microseconds cpu = Microseconds(0);            // of the worker and what it waited for
  std::set<std::string> limits_hit;              // as in Limits, and time
  std::optional<wire::Confinement> confinement;  // of the worker; nothing: it did not get that far

  // "ok", or the failure's code.
  std::string_view outcome() const;
};

struct HostOptions {
  const records::Contracts* contracts = &records::Contracts::built_in();  // outlive the host
  std::shared_ptr<Plugins> plugins;
  std::shared_ptr<wire::Egress> egress;  // null: nothing goes out
  std::filesystem::path staging_dir;     // for unlinked spill files
  std::size_t staging_memory_bytes = std::size_t{8} << 20U;
  std::chrono::milliseconds kill_grace{500};  // between the cancel flag at the deadline and SIGKILL
};

class Host {
 public:
  using OnProgress = std::function<void(const RunProgress&)>;

  Host(boost::asio::io_context& context, boost::asio::any_io_executor writer,
       std::shared_ptr<records::Pseudonymiser> persons, HostOptions options);
  ~Host();

  // The sink is used only on `writer` and is destroyed there.
  boost::asio::awaitable<RunReport> run(RunRequest request,
                                        std::unique_ptr<records::RecordSink> sink,
                                        OnProgress on_progress);
  // Asks the run of this collector to stop (cancel flag, then SIGKILL after the grace). Also the
  // way to stop everything at shutdown.
  void cancel(const std::string& collector);
  void cancel_all();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace baselined::host
