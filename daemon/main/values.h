// Current KPI values for commands: facts are brought up to date first, by the daemon where one
// runs, else under the writer lock; then everything is read from one snapshot.
//
// Threads: one.
// Errors: data where nothing was collected yet; config where a daemon runs with another
// configuration. The messages say what to do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/kpi/engine.h"
#include "daemon/main/settings.h"
#include "daemon/store/store.h"

namespace baselined {

// A reader of the database; an error that says what to do where nothing was collected yet.
Result<store::Connection> open_collected(const Settings& settings, store::OpenCheck check);

class Values {
 public:
  static Result<std::unique_ptr<Values>> open(const Settings& settings);

  kpi::Engine& engine() { return engine_; }
  // From the day of the first commit or deployment to the end of today: the window "all".
  Result<kpi::Window> whole_history(const TimeZone& zone, UtcTime now);

 private:
  Values(store::Connection reader, const TimeZone& zone);
  static Result<std::unique_ptr<Values>> read(const Settings& settings, store::OpenCheck check);

  store::Connection reader_;
  std::optional<store::Transaction> snapshot_;
  kpi::Engine engine_;
};

// The windows that the daemon computes and that a table shows.
inline constexpr const char* kStandardWindows[] = {"7d", "28d", "91d"};

}  // namespace baselined
