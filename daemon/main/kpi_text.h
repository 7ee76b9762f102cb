// KPI results as text for people and as CSV.
//
// Threads: pure functions.
#pragma once

#include <span>
#include <string>

#include "daemon/kpi/engine.h"

namespace baselined {

// A value in the unit that people think in: "2d 3h" for seconds, "0.43/day" for per_day.
std::string value_text(const kpi::Definition& definition, double value);

// Whether it rests on deployments without a time of their own, which count at their commit's time.
bool has_guessed_time(const kpi::KpiResult& result);

// The number that stands for the result in a table: the median or the value, "-" where there is
// none, with n, "~" where it has a guessed time, "*" where it is provisional.
std::string cell_text(const kpi::KpiResult& result);

// The contract that nothing collects, so that it has no value whatever the window; empty: none.
std::string never_collected(const kpi::KpiResult& result);

// A line for each service that has no value somewhere, where it is known why.
std::string unknown_text(std::span<const kpi::KpiResult> results);

// Everything about one result, several lines.
std::string detail_text(const kpi::KpiResult& result);

// A header line and one line per statistic.
std::string csv_text(std::span<const kpi::KpiResult> results);

}  // namespace baselined
