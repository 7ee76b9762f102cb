// A KPI result as one line of a text test.
// Threads: pure functions.
#pragma once

#include <string>

#include "daemon/kpi/engine.h"

namespace baselined::kpi_text {

// "shop n 3 median 1d 2h p75 2d p90 2d 3h excluded first_deployment 2 provisional no".
// with_interval adds "interval ... to ..." where there is one, else "interval none".
std::string render(const kpi::KpiResult& result, bool with_interval);

}  // namespace baselined::kpi_text
