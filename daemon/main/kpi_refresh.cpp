#include "daemon/main/kpi_refresh.h"

#include <malloc.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "daemon/main/values.h"
#include "daemon/store/store.h"

namespace baselined {
namespace asio = boost::asio;

namespace {

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(file, failure);
  return failure ? 0 : size;
}

Result<std::vector<kpi::Window>> standard_windows(const TimeZone& zone, UtcTime now) {
  std::vector<kpi::Window> windows;
  for (const char* name : kStandardWindows) {
    BL_TRY(auto window, kpi::last_days(name, now, zone));
    windows.push_back(std::move(window));
  }
  return windows;
}

}  // namespace

KpiRefresh::KpiRefresh(asio::io_context& context, asio::thread_pool& reader,
                       std::shared_ptr<const Settings> settings,
                       std::function<Status()> check_in_place, OnRefreshed on_refreshed)
    : context_(context),
      reader_(reader),
      settings_(std::move(settings)),
      check_in_place_(std::move(check_in_place)),
      on_refreshed_(std::move(on_refreshed)) {}

void KpiRefresh::request(const derive::Touched& touched) {
  if (!pending_) {
    pending_ = touched;
  } else {
    pending_->everything = pending_->everything || touched.everything;
    pending_->services.insert(pending_->services.end(), touched.services.begin(),
                              touched.services.end());
  }
  start();
}

void KpiRefresh::start() {
  if (is_running_ || !pending_) {
    return;
  }
  is_running_ = true;
  asio::post(reader_, [this, settings = settings_, touched = *std::exchange(pending_, {}),
                       guard = asio::make_work_guard(context_)] {
    const auto before = std::chrono::steady_clock::now();
    auto refreshed = refresh(*settings, touched);
    if (refreshed) {
      refreshed->duration =
          std::chrono::duration_cast<Microseconds>(std::chrono::steady_clock::now() - before);
    }
    malloc_trim(0);  // an idle daemon is small
    asio::post(context_, [this, refreshed = std::move(refreshed)]() mutable {
      is_running_ = false;
      on_refreshed_(std::move(refreshed));
      start();
    });
  });
}

Result<Refreshed> KpiRefresh::refresh(const Settings& settings, const derive::Touched& touched) {
  BL_CHECK(check_in_place_());
  const auto file = store::database_file(settings.configuration.daemon.state_dir);
  BL_TRY(auto reader, store::Connection::open_reader(file));
  BL_TRY(auto snapshot, store::Transaction::begin_read(reader));
  Refreshed refreshed;
  BL_TRY(const bool is_changed, compute(reader, settings, touched));
  if (is_changed) {
    refreshed.body = render(settings.configuration.web.max_kpi_series);
  }
  BL_TRY(refreshed.statuses, read_statuses(&reader, settings));
  const auto aside = store::kept_aside(settings.configuration.daemon.state_dir);
  refreshed.store = {size_of(file), size_of(file.string() + "-wal"), aside.damaged.size(),
                     aside.logs.size()};
  return refreshed;
}

Result<bool> KpiRefresh::compute(store::Connection& reader, const Settings& settings,
                                 const derive::Touched& touched) {
  const UtcTime now = SystemClock().now();
  const LocalDate today = settings.zone.day_of(now);
  const bool everything = touched.everything || day_ != today;
  if (!everything && touched.services.empty()) {
    return false;
  }
  kpi::Engine engine(reader, kpi::Catalogue::built_in(), settings.zone);
  BL_TRY(const auto services, engine.services());
  BL_TRY(const auto windows, standard_windows(settings.zone, now));
  day_.reset();  // until this succeeds, results_ are not complete
  ResultsByService results;
  std::vector<std::string> to_compute;
  for (const std::string& service : services) {
    const auto known = results_.find(service);
    const bool is_touched = std::find(touched.services.begin(), touched.services.end(), service) !=
                            touched.services.end();
    if (everything || is_touched || known == results_.end()) {
      to_compute.push_back(service);
    } else {
      results[service] = std::move(known->second);
    }
  }
  BL_TRY(auto computed, engine.compute_all(windows, to_compute));
  for (kpi::KpiResult& result : computed) {
    results[result.service].push_back(std::move(result));
  }
  results_ = std::move(results);
  day_ = today;
  return true;
}

std::shared_ptr<const expose::KpiBody> KpiRefresh::render(std::uint64_t max_series) const {
  std::vector<kpi::KpiResult> all;
  for (const auto& [service, part] : results_) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return std::make_shared<expose::KpiBody>(
      expose::render_kpis(kpi::Catalogue::built_in().all(), all, max_series));
}

}  // namespace baselined
