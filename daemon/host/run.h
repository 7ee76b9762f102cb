// Run: one worker from its start to the last trace of it.
//
//   plan -> spawn -> Session talks -> worker exits -> its group is killed, it is reaped -> report
// Beside the session run: a timer (deadline, then grace, then SIGKILL), a wait for the exit on the
// pidfd, and two readers of the worker's standard output and error.
// Ownership: shared, because its tasks hold it; execute() returns after all of them have ended and
// every descriptor is closed. A Run that is dropped earlier, with its io_context, kills its worker
// and destroys the sink where it is.
// Threads: the control thread.
// Errors: in the report.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/host/channel.h"
#include "daemon/host/host.h"
#include "daemon/host/log_relay.h"
#include "daemon/host/process.h"
#include "daemon/host/recorder.h"
#include "daemon/host/run_plan.h"
#include "daemon/host/session.h"
#include "daemon/host/spawn.h"
#include "daemon/host/staging.h"

namespace baselined::host {

class Run : public std::enable_shared_from_this<Run> {
 public:
  Run(boost::asio::io_context& context, boost::asio::any_io_executor writer,
      std::shared_ptr<records::Pseudonymiser> persons, HostOptions options, RunRequest request,
      std::unique_ptr<records::RecordSink> sink, Host::OnProgress on_progress);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  boost::asio::awaitable<RunReport> execute();
  void cancel();

 private:
  using Task = boost::asio::awaitable<void>;
  enum class StopReason { none, deadline, cancelled, refused };

  boost::asio::awaitable<Status> attempt();
  boost::asio::awaitable<Status> open_recorder(RunPlan plan);
  Status start_worker();
  Task converse();
  Task clean_up();

  void start_task(Task task);
  Task wait_for_tasks();
  Task watch_exit();
  Task relay_output(boost::asio::posix::stream_descriptor& pipe, log::Level level);

  void arm(std::chrono::nanoseconds delay);
  void on_timeout();
  void stop(StopReason reason);
  void kill();

  std::optional<Error> conclude() const;
  std::optional<Error> stop_failure() const;
  std::optional<Error> exit_failure() const;
  bool has_spent_cpu() const;
  std::set<std::string> limits_hit() const;
  RunReport report(SteadyTime started) const;

  boost::asio::io_context& context_;
  boost::asio::any_io_executor writer_;
  const HostOptions options_;
  const RunRequest request_;
  const Host::OnProgress on_progress_;
  LogRelay log_;
  Staging staging_;
  std::shared_ptr<records::Pseudonymiser> persons_;
  std::unique_ptr<records::RecordSink> sink_;  // until the recorder has it
  std::unique_ptr<Recorder> recorder_;
  std::uint32_t granted_capabilities_ = 0;

  Process process_;
  Descriptor cancel_page_;
  std::optional<Channel> channel_;
  std::optional<Session> session_;
  boost::asio::posix::stream_descriptor exit_;  // a copy of the pidfd
  boost::asio::posix::stream_descriptor output_;
  boost::asio::posix::stream_descriptor errors_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer tasks_ended_;  // never expires: cancelled when a task ends
  std::size_t tasks_ = 0;

  StopReason stop_ = StopReason::none;
  bool was_done_before_stop_ = false;
  bool is_ending_ = false;  // the next timeout kills
  bool is_killed_ = false;  // by us
  std::atomic<bool> is_abandoned_ = false;
  std::string last_words_;  // the last line of its standard error
  std::optional<ExitStatus> exit_status_;
  std::optional<Error> start_failure_;
};

}  // namespace baselined::host
