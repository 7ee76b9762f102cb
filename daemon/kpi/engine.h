// The one engine that computes every KPI: observations from a definition's query, summarised over
// a window, with interval, exclusions, coverage and whether it is provisional.
//
// Rules: no data is not zero. A rate of nothing is 0 only where its inputs are covered over the
// whole window; a duration, proportion or ratio of nothing has no value; without any coverage
// nothing has one. Provisional until every input is complete past the window's end plus the
// settling time.
// Threads: an Engine belongs to one thread; it only reads. Each call sees one snapshot.
// Errors: data where nothing was derived yet and for an unknown service; those of the store.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/kpi/coverage.h"
#include "daemon/kpi/definition.h"
#include "daemon/kpi/window.h"
#include "daemon/store/sqlite.h"

namespace baselined::kpi {

class Query;

struct KpiResult {
  const Definition* definition = nullptr;
  std::string service;
  Window window;
  std::uint64_t n = 0;  // observations; trials of a proportion; complete weeks of a level
  // By kind: duration median, p75, p90; rate, ratio, proportion, level value. No value: absent.
  std::map<std::string, double> stats;
  std::optional<double> numerator;
  std::optional<double> denominator;
  std::optional<double> lower;  // 95 % interval of median or value
  std::optional<double> upper;
  std::map<std::string, std::uint64_t> excluded;  // reason to count
  std::map<std::string, std::uint64_t> adjusted;  // counted, but corrected or a bound
  bool provisional = true;
  std::vector<InputCoverage> coverage;
};

json::value to_json(const KpiResult& result);

class Engine {
 public:
  // reader, catalogue and zone must outlive the engine.
  Engine(store::Connection& reader, const Catalogue& catalogue, const TimeZone& zone);
  ~Engine();
  Engine(Engine&& other) noexcept;
  Engine& operator=(Engine&& other) noexcept;

  Result<std::vector<std::string>> services();
  // Every service that has an input of this KPI, or the one named. An unknown service is a data
  // error that names the known ones. The definition must outlive the engine.
  Result<std::vector<KpiResult>> compute(const Definition& definition, const Window& window,
                                         const std::optional<std::string>& service);
  // The whole catalogue over each window for each of these services: service by service, then by
  // definition, then by window. What a service has no input for is left out.
  Result<std::vector<KpiResult>> compute_all(std::span<const Window> windows,
                                             std::span<const std::string> services);

 private:
  struct Service {
    std::int64_t id;
    std::string name;
    bool has_deployment_rule;
    bool has_match;     // of the rule, counted or excluded
    bool has_fix_rule;  // of what repairs a deployment
    bool owns_commits;  // not only changes, by label
    bool has_commits;
    bool has_strays;            // incidents of its repositories that name no service
    std::string unknown_paths;  // why it is not known of some commits whether they are its own
  };

  Result<std::vector<Service>> read_services();
  Result<Query*> query_of(const Definition& definition);
  Result<Coverage> coverage_of(const Definition& definition, const Service& service);
  Result<KpiResult> compute_one(const Definition& definition, const Window& window,
                                const Service& service, const Coverage& coverage);

  store::Connection* reader_;
  const Catalogue* catalogue_;
  const TimeZone* zone_;
  std::optional<store::Statement> inputs_;
  std::map<const Definition*, std::unique_ptr<Query>> queries_;
};

}  // namespace baselined::kpi
