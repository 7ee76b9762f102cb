// KPI definitions: TOML files in daemon/kpi/catalogue/, compiled in. A new KPI is a file and a
// text test, not code. README.md lists the keys.
//
// `sql` is one portable query with :from and :to (microseconds, half-open) over fact tables that
// returns observations, whose `at` lies in [:from, :to): service, at, value (in microseconds) for a
// duration; service, at for a rate and a level; service, at, k, n for a proportion.
// `excluded_sql`, optional, returns service, at, reason, n: what would have counted but does not.
// `adjusted_sql`, optional, returns the same columns: what counts, but with a corrected value or
// a bound of it.
// Ownership: a Catalogue owns its definitions; built_in() lives for the whole program.
// Threads: immutable.
// Errors: config, naming the KPI and the key.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/base/time.h"

namespace baselined::kpi {

enum class Kind : std::uint8_t { duration, proportion, rate, ratio, level };
std::string_view to_string(Kind kind);

// The summary that a level declares: the median, over complete weeks, of the number of local days
// that have an observation.
constexpr std::string_view kMedianDaysPerWeek = "median_days_per_week";

struct Definition {
  std::string id;
  int version = 1;
  std::string title_en;
  std::string title_nl;
  std::string unit;  // base unit in the metric name: seconds, per_day, ...
  Kind kind = Kind::rate;
  std::string summary;             // of a level; empty for the other kinds
  std::string layer;               // activity, capability, business
  std::string better;              // higher, lower, neither
  std::string about;               // service, people
  std::vector<std::string> needs;  // contracts
  bool needs_deployment_rule = false;
  bool counts_commits = false;
  bool needs_failures = false;  // incidents, or a rule of what repairs a deployment
  std::string definition;       // in words
  Microseconds settling = Microseconds(0);
  std::string sql;
  std::string excluded_sql;
  std::string adjusted_sql;
  std::vector<std::string> open_reasons;  // of what is excluded: it may count later
};

class Catalogue {
 public:
  static Result<Catalogue> parse(std::span<const std::string_view> texts);
  static const Catalogue& built_in();
  const Definition* find(std::string_view id) const;
  std::span<const Definition> all() const { return definitions_; }

 private:
  std::vector<Definition> definitions_;
};

json::value to_json(const Definition& definition);

}  // namespace baselined::kpi
