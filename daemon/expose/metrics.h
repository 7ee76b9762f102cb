// KPI results as Prometheus text 0.0.4, rendered once per refresh and then served from memory.
//
// Names: baselined_<kpi>_<base unit>{service,window,stat}, see metric_name(). What has no value has
// no sample: no NaN, no infinity. Results without a window name (explicit spans) are left out.
// A service can never break the scrape: names are cleaned, doubles of a series are left out.
// Threads: pure functions and values; rendering is meant for the thread that computed the results.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "daemon/expose/gzip.h"
#include "daemon/kpi/engine.h"

namespace baselined::expose {

// A plural unit of time inside an id is written in the singular, and as the unit it is left out,
// because Prometheus takes it for the unit of the metric and promtool refuses it:
// deployment_days_per_week, in days, is baselined_deployment_day_per_week. A unit that the id ends
// in is not repeated.
std::string metric_name(const kpi::Definition& definition);

struct KpiBody {
  std::string text;
  DeflatedPart deflated;
  std::uint64_t series = 0;      // of results, definitions not counted
  std::uint64_t cut_series = 0;  // left out because of the cap
};

// Results in the order given; one that does not fit whole under the cap is left out whole, and
// baselined_kpi_cut_series tells how many series that were.
KpiBody render_kpis(std::span<const kpi::Definition> definitions,
                    std::span<const kpi::KpiResult> results, std::uint64_t max_series);

}  // namespace baselined::expose
