// A daemon that has seen everything, and what a reader of its exposition finds.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/expose/metrics.h"
#include "daemon/expose/self_metrics.h"

namespace baselined::test {

inline UtcTime example_time() { return from_us(1'772'352'000'000'000); }

// Every definition of the built-in catalogue, with every statistic that its kind can have.
std::vector<kpi::KpiResult> example_results(const std::string& service);
expose::CollectorInfo example_collector(const std::string& name);
// Fills every family of self-metrics.
void tell_everything(expose::SelfMetrics& metrics);
// The whole page as text.
std::string example_page();

struct Family {
  std::string type;
  std::string help;
  std::set<std::string> labels;
};
std::map<std::string, Family> families_of(std::string_view text);

// The value of "name{labels}" as printed; empty where there is no such series.
std::string value_of(std::string_view text, std::string_view series);

// What any gunzip makes of it, with the requirement that it is exactly one member.
std::string gunzip(std::string_view member);

}  // namespace baselined::test
