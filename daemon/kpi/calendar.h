// How much calendar there is in a span of time: days of exposure, complete weeks.
// Threads: pure functions.
#pragma once

#include <vector>

#include "daemon/kpi/window.h"

namespace baselined::kpi {

// The exposure of a rate. A window that begins and ends at a local midnight counts local days, so
// that 28 days are 28 also when a clock change makes one of them 23 hours long; any other window
// counts elapsed time in days of 86,400 seconds.
double exposure_days(UtcTime from, UtcTime to, const TimeZone& zone);

// The Mondays of the local weeks (Monday to Sunday) that lie completely inside [from, to).
std::vector<LocalDate> complete_weeks(UtcTime from, UtcTime to, const TimeZone& zone);

}  // namespace baselined::kpi
