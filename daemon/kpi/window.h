// A window: the span of time, half-open, over which observations are summarised.
//
// Threads: values and pure functions.
// Errors: config; the message shows what was written and what is accepted.
//
//   BL_TRY(const Window window, last_days("28d", clock.now(), zone));
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/time.h"

namespace baselined::kpi {

struct Window {
  std::string name;  // "28d"; empty for an explicit span
  UtcTime from;
  UtcTime to;  // half-open
};

// The last n complete local days before `now`: "7d", "28d", "91d" (any number of days).
Result<Window> last_days(std::string_view name, UtcTime now, const TimeZone& zone);
// from/to as a local date or RFC 3339.
Result<Window> explicit_window(std::string_view from, std::string_view to, const TimeZone& zone);

}  // namespace baselined::kpi
