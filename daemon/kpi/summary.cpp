#include "daemon/kpi/summary.h"

#include <cmath>

#include "daemon/kpi/calendar.h"
#include "daemon/kpi/engine.h"
#include "daemon/kpi/statistics.h"

namespace baselined::kpi {
namespace {

void set_interval(const Interval& interval, double unit, KpiResult& result) {
  result.lower = interval.lower / unit;
  result.upper = interval.upper / unit;
}

// Interpolation leaves traces of binary fractions; time is not finer than a microsecond.
double seconds(double microseconds) { return std::round(microseconds) / 1e6; }

void summarise_duration(std::vector<double>&& values, bool is_measured, KpiResult& result) {
  result.n = values.size();
  if (!is_measured || values.empty()) {
    return;
  }
  Sample sample(std::move(values));
  result.stats["median"] = seconds(sample.quantile(0.5));
  result.stats["p75"] = seconds(sample.quantile(0.75));
  result.stats["p90"] = seconds(sample.quantile(0.9));
  if (const std::optional<Interval> interval = sample.median_interval()) {
    result.lower = seconds(interval->lower);
    result.upper = seconds(interval->upper);
  }
}

// None is 0 only where the whole window was read; some is some, also in a part of it.
void summarise_rate(std::uint64_t events, const Coverage& coverage, const TimeZone& zone,
                    KpiResult& result) {
  result.n = events;
  const bool is_measured =
      events == 0 ? coverage.spans(result.window) : coverage.touches(result.window);
  if (!is_measured) {
    return;
  }
  const double exposure = exposure_days(result.window.from, result.window.to, zone);
  result.numerator = static_cast<double>(events);
  result.denominator = exposure;
  result.stats["value"] = static_cast<double>(events) / exposure;
  set_interval(count_interval(events), exposure, result);
}

void summarise_proportion(const Observations& observations, bool is_measured, KpiResult& result) {
  result.n = observations.trials;
  if (!is_measured || observations.trials == 0) {
    return;
  }
  result.numerator = static_cast<double>(observations.successes);
  result.denominator = static_cast<double>(observations.trials);
  result.stats["value"] = *result.numerator / *result.denominator;
  set_interval(proportion_interval(observations.successes, observations.trials), 1, result);
}

// A week counts only where it was read completely: an unread week is not a week without.
void summarise_days_per_week(const std::vector<UtcTime>& moments, const Coverage& coverage,
                             const TimeZone& zone, KpiResult& result) {
  const std::vector<LocalDate> mondays =
      complete_weeks(coverage.begin(result.window), coverage.end(result.window), zone);
  result.n = mondays.size();
  if (mondays.empty()) {
    return;
  }
  std::vector<unsigned> weekdays(mondays.size());  // one bit per day that has an observation
  for (const UtcTime moment : moments) {
    const auto day = (zone.day_of(moment) - mondays.front()).count();
    if (day >= 0 && static_cast<std::size_t>(day) < 7 * mondays.size()) {
      weekdays[static_cast<std::size_t>(day) / 7] |= 1U << (static_cast<unsigned>(day) % 7);
    }
  }
  std::vector<double> counts;
  counts.reserve(weekdays.size());
  for (const unsigned days : weekdays) {
    counts.push_back(__builtin_popcount(days));
  }
  result.stats["value"] = Sample(std::move(counts)).quantile(0.5);
}

}  // namespace

void summarise(Observations&& observations, const Coverage& coverage, const TimeZone& zone,
               KpiResult& result) {
  BL_ASSERT(result.definition->kind != Kind::ratio);  // refused by Catalogue::parse
  const bool is_measured = coverage.touches(result.window);
  switch (result.definition->kind) {
    case Kind::duration:
      summarise_duration(std::move(observations.values), is_measured, result);
      break;
    case Kind::rate:
      summarise_rate(observations.events, coverage, zone, result);
      break;
    case Kind::proportion:
      summarise_proportion(observations, is_measured, result);
      break;
    case Kind::level:
      summarise_days_per_week(observations.moments, coverage, zone, result);
      break;
    case Kind::ratio:
      break;
  }
}

}  // namespace baselined::kpi
