#include "daemon/main/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <random>

#include "daemon/base/log.h"
#include "daemon/main/commands.h"
#include "daemon/main/open_broker.h"
#include "daemon/main/ready_notification.h"
#include "daemon/main/reload_signal.h"
#include "daemon/main/requests.h"
#include "daemon/main/run_json.h"
#include "daemon/main/version.h"

namespace baselined {
namespace asio = boost::asio;

namespace {

// Windows end at a local midnight; looking once an hour finds it, whatever the wall clock does.
constexpr auto kLookAtTheDay = std::chrono::hours(1);
// How often the secrets of a connection are looked at while a collector waits for another one.
constexpr auto kLookAtSecrets = std::chrono::seconds(5);

std::vector<schedule::ScheduledCollector> scheduled(const Settings& settings) {
  std::vector<schedule::ScheduledCollector> collectors;
  for (const config::Collector& collector : settings.configuration.collectors) {
    collectors.push_back({collector.name, collector.every});
  }
  return collectors;
}

std::vector<expose::CollectorInfo> collector_infos(const Settings& settings) {
  std::vector<expose::CollectorInfo> infos;
  for (const config::Collector& collector : settings.configuration.collectors) {
    expose::CollectorInfo info;
    info.name = collector.name;
    for (const config::ManifestStream& stream : collector.manifest.streams) {
      info.contracts.push_back(stream.contract);
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

schedule::Scheduler::Random random_source() {
  return [engine = std::mt19937_64(std::random_device()()),
          distribution = std::uniform_real_distribution<double>()]() mutable {
    return distribution(engine);
  };
}

std::vector<expose::ConnectionState> connection_states(
    const std::vector<broker::ConnectionStats>& connections) {
  std::vector<expose::ConnectionState> states;
  for (const broker::ConnectionStats& stats : connections) {
    expose::ConnectionState state;
    state.name = stats.name;
    state.requests = stats.requests;
    state.retries = stats.retries;
    state.received_bytes = stats.received_bytes;
    state.seconds = stats.seconds;
    state.in_flight = stats.in_flight;
    state.rate_remaining = stats.rate_remaining;
    state.blocked_until = stats.blocked_until;
    states.push_back(std::move(state));
  }
  return states;
}

log::Level log_level(const std::string& name) {
  return name == "debug"   ? log::Level::debug
         : name == "warn"  ? log::Level::warn
         : name == "error" ? log::Level::error
                           : log::Level::info;
}

}  // namespace

Daemon::Daemon(std::shared_ptr<const Settings> settings)
    : settings_(std::move(settings)),
      scheduler_(scheduled(*settings_), clock_.steady_now(), random_source()),
      self_metrics_(kVersion),
      page_(self_metrics_, [this] { return pretty_json(status()) + "\n"; }),
      refresh_(
          context_, reader_, settings_, [this] { return pipeline_->check_in_place(); },
          [this](Result<Refreshed> done) { refreshed(std::move(done)); }) {
  self_metrics_.set_collectors(collector_infos(*settings_));
  self_metrics_.config_loaded(clock_.now());
  log::set_level(log_level(settings_->configuration.daemon.log_level));
}

Daemon::~Daemon() {
  reader_.join();
  pipeline_.reset();
}

Result<std::unique_ptr<Daemon>> Daemon::create(std::shared_ptr<const Settings> settings) {
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(settings)));
  daemon->broker_ = open_broker(*daemon->settings_);
  BL_TRY(daemon->pipeline_, Pipeline::open(daemon->context_, *daemon->settings_, daemon->broker_,
                                           store::OpenCheck::quick, store::OnDamage::move_aside));
  BL_CHECK(daemon->listen());
  return daemon;
}

Status Daemon::listen() {
  BL_TRY(control_server_,
         control::ControlServer::listen(
             context_, control_socket(*settings_),
             [this](const std::shared_ptr<control::Exchange>& exchange) { on_request(exchange); }));
  const config::Web& web = settings_->configuration.web;
  BL_TRY(http_server_, net::HttpServer::listen(
                           context_, web.address, web.port,
                           [this](const net::HttpRequest& request) { return answer(request); }));
  return {};
}

void Daemon::run() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    signals_.add(signal);
  }
  wait_for_signal();
  release_reload_signal();
  log::info("baselined {} started: {} collectors, metrics at http://{}:{}/metrics", kVersion,
            settings_->configuration.collectors.size(), settings_->configuration.web.address,
            http_server_->port());
  if (settings_->configuration.collectors.empty()) {
    log::warn("no collector is configured: nothing will be collected");
  }
  notify_ready();
  // A crash between a commit and its facts, or a changed mapping, is made good first.
  pipeline_->derive([this](Result<derive::Touched> touched) {
    if (!touched) {
      log::error("facts: {}", touched.error().message());
    }
    refresh_.request({true, {}});
    arm_timer();
  });
  context_.run();
  log::info("baselined stopped");
}

void Daemon::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code failure, int signal) {
    if (failure) {
      return;
    }
    if (signal == SIGHUP) {
      reload();
    } else {
      stop();
    }
    if (!is_stopping_) {  // else nothing would end the wait; what comes later is swallowed
      wait_for_signal();
    }
  });
}

void Daemon::stop() {
  log::info("stopping");
  is_stopping_ = true;
  for (auto& [collector, waiting] : asked_) {
    for (const Asked& asked : waiting) {
      asked.exchange->finish(error_line({Error::Code::cancelled, "the daemon is stopping"}));
    }
  }
  asked_.clear();
  timer_.cancel();
  control_server_->stop();
  http_server_->stop();
  pipeline_->cancel_all();
  // What is left are runs that end.
}

// Loading asks workers what plugins can do: not on the thread that answers scrapes.
void Daemon::reload() {
  must_reload_again_ = is_reloading_;
  if (is_reloading_) {
    return;
  }
  is_reloading_ = true;
  asio::post(reader_, [this, file = settings_->configuration.file, plugins = settings_->plugins,
                       guard = asio::make_work_guard(context_)] {
    asio::post(context_, [this, loaded = load_settings(file, plugins)] { reloaded(loaded); });
  });
}

void Daemon::reloaded(LoadedSettings loaded) {
  is_reloading_ = false;
  if (loaded.settings) {
    use(std::move(loaded.settings));
  } else {
    for (const config::Problem& problem : loaded.problems) {
      log::error("{}", problem.text());
    }
    log::error("reload: the configuration is wrong; going on with the old one");
    self_metrics_.config_refused();
  }
  if (must_reload_again_ && !is_stopping_) {
    reload();
  }
}

void Daemon::use(std::shared_ptr<const Settings> settings) {
  const config::Configuration& before = settings_->configuration;
  const config::Configuration& after = settings->configuration;
  if (before.daemon.state_dir != after.daemon.state_dir ||
      before.web.address != after.web.address || before.web.port != after.web.port) {
    log::error(
        "reload: state_dir and listen change only with a restart; going on with the old "
        "configuration");
    self_metrics_.config_refused();
    return;
  }
  self_metrics_.config_loaded(clock_.now());
  settings_ = std::move(settings);
  log::set_level(log_level(settings_->configuration.daemon.log_level));
  broker_->configure(settings_->configuration.connections);
  scheduler_.configure(scheduled(*settings_), clock_.steady_now());
  self_metrics_.set_collectors(collector_infos(*settings_));
  refresh_.set_settings(settings_);
  pipeline_->set_mapping(settings_->mapping);
  pipeline_->derive([this](Result<derive::Touched> touched) {
    if (!touched) {
      log::error("facts: {}", touched.error().message());
    }
    refresh_.request({true, {}});
  });
  log::info("reload: {} collectors", settings_->configuration.collectors.size());
  arm_timer();
}

void Daemon::arm_timer() {
  if (is_stopping_) {
    return;
  }
  const SteadyTime now = clock_.steady_now();
  SteadyTime next = now + (waits_for_secrets() ? kLookAtSecrets : kLookAtTheDay);
  next = std::min(scheduler_.next_wakeup().value_or(next), next);
  timer_.expires_at(next);
  timer_.async_wait([this](boost::system::error_code failure) {
    // An expiry may have been under way when the timer was cancelled.
    if (!failure && !is_stopping_) {
      refresh_.request({});
      look_at_secrets();
      start_due();
      arm_timer();
    }
  });
}

bool Daemon::waits_for_secrets() const {
  return std::any_of(secrets_.begin(), secrets_.end(), [this](const auto& entry) {
    const auto state = scheduler_.state(entry.first);
    return state && state->parked == Error::Code::auth;
  });
}

// A collector whose credential was refused runs again as soon as there is another one.
void Daemon::look_at_secrets() {
  for (const auto& [name, version] : secrets_) {
    const auto state = scheduler_.state(name);
    const config::Collector* collector = settings_->find_collector(name);
    if (state && state->parked == Error::Code::auth && collector != nullptr &&
        broker_->version(collector->connection) != version) {
      log::info("collector {}: a secret of connection {} changed", name, collector->connection);
      scheduler_.request_now(name, clock_.steady_now());
    }
  }
}

void Daemon::start_due() {
  for (const std::string& collector : scheduler_.due(clock_.steady_now())) {
    host::RunRequest request;
    request.collector = *settings_->find_collector(collector);
    start(collector, {std::move(request), nullptr});
  }
}

void Daemon::start(const std::string& collector, const Asked& asked) {
  scheduler_.started(collector, clock_.steady_now());
  host::RunRequest request = asked.request;
  if (const std::string& connection = request.collector.connection; !connection.empty()) {
    secrets_[collector] = broker_->version(connection);
  }
  pipeline_->collect(
      std::move(request),
      [this, collector, exchange = asked.exchange](const host::RunProgress& progress) {
        const json::object line{
            {"progress", progress.done}, {"total", progress.total}, {"unit", progress.unit}};
        if (exchange) {
          exchange->send(line);
        }
        for (const Asked& waiting : asked_[collector]) {
          waiting.exchange->send(line);
        }
      },
      [this, collector, asked](const Collected& done) { collected(collector, asked, done); });
}

void Daemon::collected(const std::string& collector, const Asked& asked,
                       const Collected& collected) {
  const host::RunReport& report = collected.report;
  if (report.confinement) {
    note_confinement(*report.confinement);
  }
  std::optional<Error::Code> failure;
  if (report.failure) {
    failure = report.failure->code();
    // What is refused is looked at every few seconds; it is news once.
    const auto refused = refused_.find(collector);
    if (!collected.was_refused || refused == refused_.end() || refused->second != failure) {
      log::error("collector {}: {}: {}", collector, report.outcome(), report.failure->message());
    }
  } else {
    const records::Counts counts = total(report.counts);
    log::info("collector {}: ok in {}: {} new, {} changed, {} removed", collector,
              format_duration(report.duration), counts.inserted, counts.updated, counts.removed);
  }
  if (report.failure && !collected.is_logged) {
    not_logged_[collector] = report.failure->message();
  } else {
    not_logged_.erase(collector);
  }
  if (failure && collected.was_refused) {
    refused_[collector] = *failure;
    scheduler_.refused(collector, clock_.steady_now(), *failure);
  } else {
    refused_.erase(collector);
    scheduler_.finished(collector, clock_.steady_now(), failure, report.retry_after);
  }
  count(collector, report);
  if (asked.exchange) {
    asked.exchange->finish(to_json(report));
  }
  refresh_.request(collected.touched);
  start_next(collector);
  arm_timer();
}

void Daemon::note_confinement(const wire::Confinement& confinement) {
  if (!confinement_ && !confinement.is_full()) {
    log::warn(
        "sandbox: this system has {}{}{}: plugins are confined by {}; [daemon] sandbox = "
        "\"require\" would refuse to run them",
        confinement.landlock == 0 ? "no Landlock" : "",
        confinement.landlock == 0 && !confinement.seccomp ? " and " : "",
        confinement.seccomp ? "" : "no seccomp",
        confinement.landlock != 0 || confinement.seccomp ? "the other alone"
                                                         : "their limits alone");
  }
  confinement_ = confinement;
  self_metrics_.set_sandbox((confinement.landlock != 0 ? 1 : 0) + (confinement.seccomp ? 1 : 0));
}

// The first of those who asked while a run was under way, with the options of now.
void Daemon::start_next(const std::string& collector) {
  auto& waiting = asked_[collector];
  if (waiting.empty() || is_stopping_) {
    return;
  }
  Asked next = std::move(waiting.front());
  waiting.pop_front();
  if (const config::Collector* found = settings_->find_collector(collector); found != nullptr) {
    next.request.collector = *found;
    start(collector, next);
    return;
  }
  const json::object gone = error_line({Error::Code::config, "no such collector any more"});
  next.exchange->finish(gone);
  for (const Asked& asked : std::exchange(waiting, {})) {
    asked.exchange->finish(gone);
  }
}

void Daemon::count(const std::string& collector, const host::RunReport& report) {
  expose::FinishedRun run;
  run.collector = collector;
  run.outcome = report.outcome();
  run.duration = report.duration;
  run.finished_at = clock_.now();
  for (const auto& [contract, counts] : report.counts) {
    run.records[contract] = {counts.inserted, counts.updated, counts.removed, counts.unchanged};
  }
  run.discarded_rows = report.discarded_rows;
  run.exit_signal = report.exit_signal;
  run.cpu = report.cpu;
  run.limits_hit = report.limits_hit;
  self_metrics_.run_finished(run);
  if (total(report.counts).rows != 0) {
    self_metrics_.set_last_commit(run.finished_at);
  }
  if (const auto state = scheduler_.state(collector)) {
    self_metrics_.set_parked(collector, state->parked ? to_string(*state->parked) : "");
    auto& counted = skipped_[collector];
    self_metrics_.add_skipped_slots(collector, state->skipped - std::min(counted, state->skipped));
    counted = state->skipped;
  }
}

void Daemon::refreshed(Result<Refreshed> refreshed) {
  if (!refreshed) {  // which is news once
    if (const std::string& why = refreshed.error().message(); refresh_failure_ != why) {
      log::error("KPIs: {}", why);
      refresh_failure_ = why;
    }
    self_metrics_.kpi_refresh_failed();
    return;
  }
  refresh_failure_.clear();
  if (refreshed->body) {
    page_.set_kpis(refreshed->body);
    self_metrics_.kpi_refreshed(refreshed->duration, clock_.now());
  }
  statuses_ = std::move(refreshed->statuses);
  for (const CollectorStatus& status : statuses_) {
    if (status.last_success) {
      self_metrics_.set_last_success(status.name, *status.last_success);
    }
  }
  self_metrics_.set_store(refreshed->store);
  page_.set_ready();
}

json::object Daemon::status() const {
  std::vector<CollectorStatus> statuses = statuses_;
  for (CollectorStatus& status : statuses) {
    const auto state = scheduler_.state(status.name);
    if (!state) {
      continue;
    }
    const auto not_logged = not_logged_.find(status.name);
    if (not_logged != not_logged_.end()) {
      status.state = "failing";
      status.reason = not_logged->second;
    }
    if (state->is_running) {
      status.state = "running";
    } else if (state->parked) {
      status.state = "parked";
    }
    if (state->next_run) {
      status.next_run = clock_.now() + std::chrono::duration_cast<Microseconds>(
                                           *state->next_run - clock_.steady_now());
    }
  }
  json::object all = to_json(statuses, clock_.now()).as_object();
  all["daemon"] = json::object{
      {"version", kVersion},
      {"config_hash", settings_->configuration.hash},
      {"metrics", fmt::format("http://{}:{}/metrics", settings_->configuration.web.address,
                              http_server_->port())},
      {"sandbox", nullptr}};
  if (confinement_) {
    all["daemon"].as_object()["sandbox"] = {{"landlock", confinement_->landlock},
                                            {"seccomp", confinement_->seccomp}};
  }
  return all;
}

void Daemon::on_request(const std::shared_ptr<control::Exchange>& exchange) {
  const json::object& request = exchange->request();
  const json::value* command = request.if_contains("command");
  const json::value* hash = request.if_contains("config_hash");
  if (command != nullptr && *command == "status") {
    exchange->finish(status());
  } else if (hash == nullptr || *hash != json::string(settings_->configuration.hash)) {
    exchange->finish(error_line(
        {Error::Code::config,
         fmt::format("the running daemon has another configuration than this one; reload it first "
                     "(SIGHUP), it uses {}",
                     settings_->configuration.file.string())}));
  } else if (command != nullptr && *command == "collect") {
    on_collect(exchange);
  } else if (command != nullptr && *command == "derive") {
    on_derive(exchange);
  } else {
    exchange->finish(error_line({Error::Code::unsupported,
                                 "the running daemon does not know this request; it may be of "
                                 "another version: restart it"}));
  }
}

void Daemon::on_collect(const std::shared_ptr<control::Exchange>& exchange) {
  const json::object& request = exchange->request();
  const auto integer = [&request](std::string_view name) {
    const json::value* value = request.if_contains(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
  };
  const json::value* name = request.if_contains("collector");
  const config::Collector* collector =
      name != nullptr && name->is_string()
          ? settings_->find_collector(std::string(name->get_string()))
          : nullptr;
  const auto mode = integer("mode");
  if (collector == nullptr || mode < 0 || mode > static_cast<int>(wire::RunMode::probe)) {
    exchange->finish(error_line({Error::Code::config, "no such collector"}));
    return;
  }
  Asked asked;
  asked.request.collector = *collector;
  asked.request.mode = static_cast<wire::RunMode>(mode);
  asked.request.window_begin_us = integer("since_us");
  asked.request.window_end_us = integer("until_us");
  asked.exchange = exchange;
  const auto state = scheduler_.state(collector->name);
  if (state && state->is_running) {
    asked_[collector->name].push_back(std::move(asked));  // right after the one under way
  } else {
    start(collector->name, asked);
    arm_timer();
  }
}

void Daemon::on_derive(const std::shared_ptr<control::Exchange>& exchange) {
  pipeline_->derive([this, exchange](Result<derive::Touched> touched) {
    if (touched) {
      refresh_.request(*touched);
      exchange->finish({});
    } else {
      exchange->finish(error_line(touched.error()));
    }
  });
}

net::HttpResponse Daemon::answer(const net::HttpRequest& request) {
  self_metrics_.set_connections(connection_states(broker_->stats()));
  expose::Answer answer = page_.answer(request.path, request.accepts_gzip, clock_.steady_now());
  net::HttpResponse response;
  response.status = answer.status;
  response.content_type = std::move(answer.content_type);
  response.body = std::move(answer.text);
  response.gzip = std::move(answer.gzip);
  return response;
}

int run_command(const Arguments& arguments) {
  auto settings = load_or_complain(arguments.config);
  if (!settings) {
    return kExitConfiguration;
  }
  auto daemon = Daemon::create(std::move(settings));
  if (!daemon) {
    return complain(daemon.error());
  }
  (*daemon)->run();
  return 0;
}

}  // namespace baselined
