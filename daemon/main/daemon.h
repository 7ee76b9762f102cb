// The daemon: schedules collections, answers HTTP and the control socket, keeps KPIs current.
//
// Life: create() takes the writer lock and listens; run() works until SIGTERM or SIGINT; SIGHUP
// loads the configuration again and goes on with the old one where the new one is wrong.
// Threads: the io_context's (all state here), the writer's (in Pipeline), one reader, the broker's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "daemon/broker/broker.h"
#include "daemon/control/control.h"
#include "daemon/expose/page.h"
#include "daemon/expose/self_metrics.h"
#include "daemon/main/kpi_refresh.h"
#include "daemon/main/pipeline.h"
#include "daemon/main/settings.h"
#include "daemon/net/http_server.h"
#include "daemon/schedule/scheduler.h"

namespace baselined {

class Daemon {
 public:
  static Result<std::unique_ptr<Daemon>> create(std::shared_ptr<const Settings> settings);
  ~Daemon();
  void run();

 private:
  // A collection that somebody asked for on the control socket; empty for a scheduled one.
  struct Asked {
    host::RunRequest request;
    std::shared_ptr<control::Exchange> exchange;
  };

  explicit Daemon(std::shared_ptr<const Settings> settings);
  Status listen();
  void wait_for_signal();
  void reload();
  void reloaded(LoadedSettings loaded);
  void use(std::shared_ptr<const Settings> settings);
  void stop();

  void arm_timer();
  void start_due();
  bool waits_for_secrets() const;
  void look_at_secrets();
  void start(const std::string& collector, const Asked& asked);
  void note_confinement(const wire::Confinement& confinement);
  void start_next(const std::string& collector);
  void collected(const std::string& collector, const Asked& asked, const Collected& collected);
  void count(const std::string& collector, const host::RunReport& report);
  void refreshed(Result<Refreshed> refreshed);

  void on_request(const std::shared_ptr<control::Exchange>& exchange);
  void on_collect(const std::shared_ptr<control::Exchange>& exchange);
  void on_derive(const std::shared_ptr<control::Exchange>& exchange);
  json::object status() const;
  net::HttpResponse answer(const net::HttpRequest& request);

  boost::asio::io_context context_;
  boost::asio::thread_pool reader_{1};
  boost::asio::signal_set signals_{context_};
  boost::asio::steady_timer timer_{context_};
  std::shared_ptr<const Settings> settings_;
  SystemClock clock_;
  schedule::Scheduler scheduler_;
  expose::SelfMetrics self_metrics_;
  expose::Page page_;
  KpiRefresh refresh_;
  std::shared_ptr<broker::Broker> broker_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<control::ControlServer> control_server_;
  std::unique_ptr<net::HttpServer> http_server_;
  std::vector<CollectorStatus> statuses_;
  std::map<std::string, std::deque<Asked>> asked_;  // by collector, waiting for its run to end
  std::map<std::string, std::uint64_t> skipped_;    // by collector, already in the metrics
  std::map<std::string, std::string> not_logged_;   // by collector: how its last run failed
  std::optional<wire::Confinement> confinement_;    // of the last worker
  std::map<std::string, Error::Code> refused_;      // by collector: why its last run did not begin
  std::string refresh_failure_;                     // of the KPIs; empty: the last one succeeded
  std::map<std::string, std::uint64_t> secrets_;    // by collector: their version at its last run
  bool is_reloading_ = false;
  bool must_reload_again_ = false;  // asked for while a reload was under way
  bool is_stopping_ = false;
};

}  // namespace baselined
