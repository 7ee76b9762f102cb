#include "daemon/host/run.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "daemon/host/descriptor.h"
#include "daemon/host/on_writer.h"

namespace baselined::host {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr int kNiceness = 10;
constexpr std::size_t kPipeReadBytes = 16384;

// Where none is configured, a plugin that computes without end meets its timeout, not a limit that
// nobody set: the kernel's limit then only stands behind the daemon. It counts all threads.
std::int64_t max_cpu_seconds(const config::Collector& collector) {
  const auto processors = std::max(1U, std::thread::hardware_concurrency());
  const Microseconds limit = collector.limits.cpu.value_or(
      (collector.timeout + std::chrono::seconds(2)) * static_cast<std::int64_t>(processors));
  return std::chrono::ceil<std::chrono::seconds>(limit).count();
}

SpawnRequest spawn_request(const HostOptions& options, const config::Collector& collector,
                           std::uint32_t granted) {
  SpawnRequest request;
  request.arguments = {options.plugins->worker().string(),
                       "--run",
                       collector.plugin_file.string(),
                       "--sandbox",
                       to_string(collector.sandbox),
                       "--granted",
                       std::to_string(granted),
                       "--max-cpu-seconds",
                       std::to_string(max_cpu_seconds(collector)),
                       "--max-memory",
                       std::to_string(collector.limits.memory_mib << 20U)};
  for (const std::string& path : collector.paths) {
    request.arguments.insert(request.arguments.end(), {"--read", path});
  }
  request.with_channel = true;
  request.niceness = kNiceness;
  return request;
}

// As what a plugin that is short of memory fails. One that could do without reports what is wrong.
bool may_be_shortness(Error::Code code) {
  return code == Error::Code::limit || code == Error::Code::internal || code == Error::Code::data;
}

// Bytes that nobody approved do not run.
Status check_pin(const config::Collector& collector, const PluginImage& image) {
  if (collector.sha256.empty() || collector.sha256 == image.sha256()) {
    return {};
  }
  return Error(
      Error::Code::transient,
      fmt::format("{} has the SHA-256 {} now, and collector {} allows {} only: install that "
                  "file again, or change sha256 and reload",
                  image.file().string(), image.sha256(), collector.name, collector.sha256));
}

}  // namespace

Run::Run(asio::io_context& context, asio::any_io_executor writer,
         std::shared_ptr<records::Pseudonymiser> persons, HostOptions options, RunRequest request,
         std::unique_ptr<records::RecordSink> sink, Host::OnProgress on_progress)
    : context_(context),
      writer_(std::move(writer)),
      options_(std::move(options)),
      request_(std::move(request)),
      on_progress_(std::move(on_progress)),
      log_(request_.collector.name, request_.collector.limits.log_lines),
      staging_(options_.staging_dir, options_.staging_memory_bytes),
      persons_(std::move(persons)),
      sink_(std::move(sink)),
      exit_(context),
      output_(context),
      errors_(context),
      timer_(context),
      tasks_ended_(context, steady_clock::time_point::max()) {}

asio::awaitable<RunReport> Run::execute() {
  const SteadyTime started = steady_clock::now();
  try {
    Status attempted = co_await attempt();
    if (!attempted) {
      start_failure_ = std::move(attempted).error();
    }
  } catch (const std::exception& error) {
    start_failure_ = Error(Error::Code::internal, error.what());
  } catch (...) {
    start_failure_ = Error(Error::Code::internal, "something that is no std::exception");
  }
  co_await clean_up();
  co_return report(started);
}

asio::awaitable<Status> Run::attempt() {
  BL_CO_TRY(RunPlan plan, plan_run(request_.collector, *options_.contracts));
  granted_capabilities_ = plan.granted_capabilities;
  Status opened = co_await open_recorder(std::move(plan));
  BL_CO_CHECK(std::move(opened));
  if (stop_ != StopReason::none) {
    co_return Status();
  }
  BL_CO_CHECK(start_worker());
  co_await converse();
  co_return Status();
}

asio::awaitable<Status> Run::open_recorder(RunPlan plan) {
  recorder_ = std::make_unique<Recorder>(request_.collector.manifest.id, std::move(plan.streams),
                                         persons_, std::move(sink_));
  std::function<Status()> open = [this] { return recorder_->open(); };
  co_return co_await on_writer(writer_, std::move(open));
}

Status Run::start_worker() {
  const auto image = options_.plugins->image(request_.collector.plugin_file);
  if (!image) {
    // It was there when the configuration was read, and may be again: an upgrade, a mount.
    return Error(Error::Code::transient, image.error().message());
  }
  BL_CHECK(check_pin(request_.collector, **image));
  SpawnRequest request = spawn_request(options_, request_.collector, granted_capabilities_);
  request.plugin = (*image)->bytes().get();
  BL_TRY(Spawned spawned, spawn(request));
  const int exit_handle = ::fcntl(spawned.process.handle(), F_DUPFD_CLOEXEC, 0);
  if (exit_handle < 0) {
    return Error(Error::Code::transient, "no descriptor left to watch the worker");
  }
  exit_.assign(exit_handle);
  output_.assign(spawned.output.release());
  errors_.assign(spawned.errors.release());
  process_ = std::move(spawned.process);
  cancel_page_ = std::move(spawned.cancel_page);
  channel_.emplace(context_, std::move(spawned.socket));
  session_.emplace(Session::Parts{request_, options_, *channel_, *recorder_, staging_, log_,
                                  writer_, on_progress_, is_abandoned_});
  arm(request_.collector.timeout);
  start_task(watch_exit());
  start_task(relay_output(output_, log::Level::info));
  start_task(relay_output(errors_, log::Level::warn));
  return {};
}

Run::Task Run::converse() {
  co_await session_->talk();
  was_done_before_stop_ = session_->is_done() && stop_ == StopReason::none;
  if (session_->is_violated()) {
    kill();
  } else if (session_->failure()) {
    stop(StopReason::refused);
    co_await session_->listen_to_the_end();
  }
  if (!exit_status_ && !is_ending_) {
    is_ending_ = true;
    arm(options_.kill_grace);
  }
}

// Whatever happened before, nothing of the worker is left after this.
Run::Task Run::clean_up() {
  if (session_ && !session_->is_done() && start_failure_) {
    kill();
  }
  co_await wait_for_tasks();
  timer_.cancel();
  channel_.reset();
  cancel_page_.close();
  log_.finish();
  std::function<Status()> destroy = [this] {
    recorder_.reset();
    sink_.reset();
    staging_.clear();
    return Status();
  };
  const Status destroyed = co_await on_writer(writer_, std::move(destroy));
  if (!destroyed) {
    log_.note(log::Level::error, destroyed.error().message());
  }
}

void Run::start_task(Task task) {
  ++tasks_;
  asio::co_spawn(context_, std::move(task),
                 [self = shared_from_this()](const std::exception_ptr& error) {
                   if (error) {
                     self->log_.note(log::Level::error, "a task of its run failed");
                     self->kill();
                   }
                   --self->tasks_;
                   self->tasks_ended_.cancel();
                 });
}

Run::Task Run::wait_for_tasks() {
  while (tasks_ > 0) {
    co_await tasks_ended_.async_wait(kAwait);
  }
}

Run::Task Run::watch_exit() {
  while (!process_.has_exited()) {
    const auto [error] =
        co_await exit_.async_wait(asio::posix::stream_descriptor::wait_read, kAwait);
    if (error) {
      kill();  // so that reap() does not wait long
      break;
    }
  }
  // Out of the epoll set before reap(), at which the kernel reports it once more: close() does not
  // take it out while another copy is open, and its late event would go to the next descriptor.
  Descriptor(exit_.release()).close();
  exit_status_ = process_.reap();
  session_->abandon_request();
  // Nobody of its group lives any more. A stray process that left the group may still hold our
  // socket and pipes: it does not keep the run open.
  channel_->hang_up();
  arm(options_.kill_grace);
}

Run::Task Run::relay_output(asio::posix::stream_descriptor& pipe, log::Level level) {
  std::array<char, kPipeReadBytes> bytes = {};
  LineSplitter lines;
  const LineSplitter::OnLine on_line = [this, level](std::string_view line) {
    log_.line(level, line);
    if (level == log::Level::warn) {
      last_words_ = line;
    }
  };
  while (true) {
    const auto space = asio::buffer(bytes);
    const auto [error, count] = co_await pipe.async_read_some(space, kAwait);
    lines.add({bytes.data(), count}, on_line);
    if (error) {
      break;
    }
  }
  lines.finish(on_line);
  boost::system::error_code ignored;
  pipe.close(ignored);
}

void Run::cancel() { stop(StopReason::cancelled); }

void Run::arm(std::chrono::nanoseconds delay) {
  timer_.expires_after(delay);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    // An expiry that was already under way when the timer was set anew is no timeout.
    if (!error && steady_clock::now() >= self->timer_.expiry()) {
      self->on_timeout();
    }
  });
}

void Run::on_timeout() {
  if (exit_status_) {
    // cancel() would miss a read that has ended and whose handler waits for its turn, as it always
    // is where a stray process floods the pipe.
    boost::system::error_code ignored;
    output_.close(ignored);
    errors_.close(ignored);
  } else if (is_ending_) {
    kill();
  } else {
    stop(StopReason::deadline);
  }
}

void Run::stop(StopReason reason) {
  if (stop_ != StopReason::none) {
    return;
  }
  stop_ = reason;
  if (cancel_page_.is_open() && !exit_status_) {
    set_cancelled(cancel_page_);
    session_->abandon_request();
    is_ending_ = true;
    arm(options_.kill_grace);
  }
}

void Run::kill() {
  is_ending_ = true;
  is_killed_ = true;
  is_abandoned_ = true;
  if (session_) {
    session_->abandon_request();
  }
  process_.kill_group();
}

std::optional<Error> Run::conclude() const {
  if (start_failure_) {
    return start_failure_;
  }
  if (session_ && session_->failure()) {
    return session_->failure();
  }
  if (std::optional<Error> stopped = stop_failure(); stopped && !was_done_before_stop_) {
    return stopped;
  }
  if (session_->is_done() && session_->farewell()->failure) {
    const Error& failure = *session_->farewell()->failure;
    return session_->farewell()->was_short_of_memory && may_be_shortness(failure.code())
               ? over_limit(request_.collector,
                            fmt::format("needed more than {} MiB of memory",
                                        request_.collector.limits.memory_mib),
                            "memory_mib")
               : failure;
  }
  return exit_failure();
}

std::optional<Error> Run::stop_failure() const {
  switch (stop_) {
    case StopReason::deadline:
      return Error(
          Error::Code::cancelled,
          fmt::format("plugin {} was not done within its timeout of {}",
                      request_.collector.manifest.id, format_duration(request_.collector.timeout)));
    case StopReason::cancelled:
      return Error(Error::Code::cancelled, "cancelled");
    case StopReason::none:
    case StopReason::refused:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Error> Run::exit_failure() const {
  const std::string plugin = "plugin " + request_.collector.manifest.id;
  if (!exit_status_) {
    return Error(Error::Code::internal, plugin + ": its worker was lost sight of");
  }
  if (session_->is_done() && exit_status_->is_success()) {
    return std::nullopt;
  }
  if (has_spent_cpu()) {
    return over_limit(
        request_.collector,
        fmt::format("used more than {} of processor time",
                    format_duration(std::chrono::seconds(max_cpu_seconds(request_.collector)))),
        "cpu");
  }
  if (is_killed_) {
    return Error(Error::Code::internal,
                 fmt::format("{}: its worker {} and did not exit", plugin,
                             session_->is_done() ? "was done" : "closed its connection"));
  }
  std::string text = fmt::format("{}: its worker {} {}", plugin, exit_status_->text(),
                                 session_->is_done() ? "after it was done" : "without being done");
  if (session_->reported() && !session_->is_done()) {
    text += fmt::format("; it had reported: {}", session_->reported()->message());
  } else if (!last_words_.empty()) {
    text += fmt::format("; its last words: {}", clean_text(last_words_));
  }
  return Error(Error::Code::internal, std::move(text));
}

// By SIGXCPU, or by SIGKILL where the plugin caught that; a plugin can send both to itself. The
// kernel counts ticks for the limit, and exactly for what it reports.
bool Run::has_spent_cpu() const {
  if (!exit_status_) {
    return false;
  }
  const Microseconds limit = std::chrono::seconds(max_cpu_seconds(request_.collector));
  return (exit_status_->signal == SIGXCPU && 20 * exit_status_->cpu >= limit) ||
         (exit_status_->signal == SIGKILL && !is_killed_ && 2 * exit_status_->cpu >= limit);
}

std::set<std::string> Run::limits_hit() const {
  std::set<std::string> hit;
  if (stop_ == StopReason::deadline) {
    hit.insert("time");
  }
  if (has_spent_cpu()) {
    hit.insert("cpu");
  }
  if (log_.is_full()) {
    hit.insert("log_lines");
  }
  if (session_) {
    hit.merge(session_->limits_hit());
  }
  if (session_ && session_->is_done() && session_->farewell()->was_short_of_memory) {
    hit.insert("memory");
  }
  return hit;
}

RunReport Run::report(SteadyTime started) const {
  RunReport report;
  report.failure = conclude();
  report.duration = std::chrono::duration_cast<Microseconds>(steady_clock::now() - started);
  report.exit_signal = exit_status_ ? exit_status_->signal : 0;
  report.cpu = exit_status_ ? exit_status_->cpu : Microseconds(0);
  report.limits_hit = limits_hit();
  if (!session_) {
    return report;
  }
  report.confinement = session_->confinement();
  report.warnings = session_->warnings();
  report.counts = session_->counts();
  report.discarded_rows = session_->uncommitted_rows();
  if (session_->is_done()) {
    report.retry_after = report.failure ? session_->farewell()->retry_after : Microseconds(0);
    report.peak_memory_kib = session_->farewell()->peak_memory_kib;
  }
  if (!report.failure && report.discarded_rows > 0) {
    log_.note(log::Level::warn, fmt::format("plugin {} emitted {} rows after its last commit, "
                                            "which were discarded",
                                            request_.collector.manifest.id, report.discarded_rows));
  }
  return report;
}

}  // namespace baselined::host
