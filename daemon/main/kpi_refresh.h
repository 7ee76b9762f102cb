// Keeps what readers see current: computes on the reader's thread the KPIs that a change touches,
// renders the body of /metrics once, and reads how the collectors did.
//
// Requests that come while one is under way are merged into the next. A new local day, or other
// settings, compute everything.
// Ownership: io_context and reader pool must outlive it.
// Threads: call on the io_context's thread; callbacks come there too.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/derive/derive.h"
#include "daemon/expose/metrics.h"
#include "daemon/expose/self_metrics.h"
#include "daemon/main/collector_status.h"
#include "daemon/main/settings.h"

namespace baselined {

struct Refreshed {
  std::shared_ptr<const expose::KpiBody> body;  // nothing: no KPI was touched
  std::vector<CollectorStatus> statuses;
  expose::StoreState store;
  Microseconds duration = Microseconds(0);
};

class KpiRefresh {
 public:
  using OnRefreshed = std::function<void(Result<Refreshed>)>;

  // check_in_place: of the store; called on the reader's thread.
  KpiRefresh(boost::asio::io_context& context, boost::asio::thread_pool& reader,
             std::shared_ptr<const Settings> settings, std::function<Status()> check_in_place,
             OnRefreshed on_refreshed);

  void request(const derive::Touched& touched);
  void set_settings(std::shared_ptr<const Settings> settings) { settings_ = std::move(settings); }

 private:
  using ResultsByService = std::map<std::string, std::vector<kpi::KpiResult>>;

  void start();
  // On the reader's thread:
  Result<Refreshed> refresh(const Settings& settings, const derive::Touched& touched);
  Result<bool> compute(store::Connection& reader, const Settings& settings,
                       const derive::Touched& touched);
  std::shared_ptr<const expose::KpiBody> render(std::uint64_t max_series) const;

  boost::asio::io_context& context_;
  boost::asio::thread_pool& reader_;
  std::shared_ptr<const Settings> settings_;
  std::function<Status()> check_in_place_;
  OnRefreshed on_refreshed_;
  std::optional<derive::Touched> pending_;
  bool is_running_ = false;
  // Only on the reader's thread:
  ResultsByService results_;
  std::optional<LocalDate> day_;  // that results_ are complete for
};

}  // namespace baselined
