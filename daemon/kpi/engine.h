// The one engine that computes every KPI: observations from a definition's query, summarised over
// a window, with interval, exclusions, coverage and whether it is provisional.
//
// Rules: no data is not zero. A rate of nothing is 0 only where its inputs are covered; a duration,
// proportion or ratio of nothing has no value. Provisional until every input is complete past the
// window's end plus the settling time.
// Threads: an Engine belongs to one thread; it only reads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/kpi/definition.h"
#include "daemon/store/sqlite.h"

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

struct InputCoverage {
  std::string contract;
  std::optional<UtcTime> from;   // nothing: since the beginning
  std::optional<UtcTime> until;  // nothing: never read completely
  std::string reason;            // why it is not complete; empty when it is
};

struct KpiResult {
  const Definition* definition = nullptr;
  std::string service;
  Window window;
  std::uint64_t n = 0;
  // By kind: duration median, p75, p90; rate, ratio, proportion, level value. No value: absent.
  std::map<std::string, double> stats;
  std::optional<double> numerator;
  std::optional<double> denominator;
  std::optional<double> lower;  // 95 % interval of median or value
  std::optional<double> upper;
  std::map<std::string, std::uint64_t> excluded;  // reason to count
  std::map<std::string, std::uint64_t> adjusted;  // counted, but with a corrected value
  bool provisional = true;
  std::vector<InputCoverage> coverage;
};

json::value to_json(const KpiResult& result);

class Engine {
 public:
  // reader, catalogue and zone must outlive the engine.
  Engine(store::Connection& reader, const Catalogue& catalogue, const TimeZone& zone);

  Result<std::vector<std::string>> services();
  // Every service that has this KPI's inputs, or the one named. An unknown service is a data error
  // that names the known ones.
  Result<std::vector<KpiResult>> compute(const Definition& definition, const Window& window,
                                         const std::optional<std::string>& service);

 private:
  store::Connection* reader_;
  const Catalogue* catalogue_;
  const TimeZone* zone_;
};

}  // namespace baselined::kpi
