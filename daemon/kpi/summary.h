// From observations to the numbers of a result, by the kind of the definition.
// Threads: pure functions.
#pragma once

#include "daemon/kpi/coverage.h"
#include "daemon/kpi/query.h"

namespace baselined::kpi {

struct KpiResult;

// Fills n, stats, numerator, denominator, lower and upper of a result that already has its
// definition and window. What coverage does not allow to be said stays without value.
void summarise(Observations&& observations, const Coverage& coverage, const TimeZone& zone,
               KpiResult& result);

}  // namespace baselined::kpi
