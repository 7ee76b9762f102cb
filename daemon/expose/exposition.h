// The last step of every rendering: metric families to Prometheus text, in a fixed order.
//
// The only place that calls prometheus-cpp's serialiser.
// Threads: pure function.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace baselined::expose {

// Families sorted by name, series by labels; families without series are left out.
std::string to_text(std::vector<prometheus::MetricFamily> families);

}  // namespace baselined::expose
