#include "daemon/main/kpi_text.h"

#include <fmt/format.h>

#include <cmath>

namespace baselined {
namespace {

constexpr const char* kTimeFromCommit = "deployment_time_from_commit";

std::string duration_text(double seconds) {
  const double magnitude = std::abs(seconds);
  // Nobody reads seconds behind days: cut to the two largest units, without fractions of a second
  // above a minute.
  const double rounded = magnitude >= 86400  ? std::round(magnitude / 3600) * 3600
                         : magnitude >= 3600 ? std::round(magnitude / 60) * 60
                         : magnitude >= 60   ? std::round(magnitude)
                                             : magnitude;
  const auto us = static_cast<std::int64_t>(std::llround(std::copysign(rounded, seconds) * 1e6));
  return format_duration(Microseconds(us));
}

std::string interval_text(const kpi::KpiResult& result) {
  if (!result.lower || !result.upper) {
    return "";
  }
  return fmt::format("   95 % interval {} to {}", value_text(*result.definition, *result.lower),
                     value_text(*result.definition, *result.upper));
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [reason, n] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, reason);
  }
  return text;
}

std::string coverage_text(const kpi::InputCoverage& coverage) {
  const std::string of = coverage.repository.empty() ? "" : " of " + coverage.repository;
  if (!coverage.reason.empty()) {
    return fmt::format("{}{}: {}", coverage.contract, of, coverage.reason);
  }
  return coverage.until ? fmt::format("{}{} read until {}", coverage.contract, of,
                                      format_rfc3339(*coverage.until))
                        : fmt::format("{}{} never read completely", coverage.contract, of);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

}  // namespace

std::string value_text(const kpi::Definition& definition, double value) {
  if (definition.unit == "seconds") {
    return duration_text(value);
  }
  if (definition.unit == "per_day") {
    return fmt::format("{:.3g}/day", value);
  }
  if (definition.unit == "days_per_week") {
    return fmt::format("{:.2g} days/week", value);
  }
  return fmt::format("{:.4g} {}", value, definition.unit);
}

bool has_guessed_time(const kpi::KpiResult& result) {
  return !result.stats.empty() && result.adjusted.count(kTimeFromCommit) != 0;
}

std::string cell_text(const kpi::KpiResult& result) {
  for (const char* stat : {"median", "value"}) {
    if (const auto found = result.stats.find(stat); found != result.stats.end()) {
      return fmt::format("{} (n {}){}{}", value_text(*result.definition, found->second), result.n,
                         has_guessed_time(result) ? " ~" : "", result.provisional ? " *" : "");
    }
  }
  return "-";
}

std::string never_collected(const kpi::KpiResult& result) {
  for (const kpi::InputCoverage& coverage : result.coverage) {
    if (coverage.reason == kpi::kNeverCollected) {
      return coverage.contract;
    }
  }
  return "";
}

std::string unknown_text(std::span<const kpi::KpiResult> results) {
  std::map<std::string, std::string> reasons;
  for (const kpi::KpiResult& result : results) {
    for (const kpi::InputCoverage& coverage : result.coverage) {
      if (result.stats.empty() && !coverage.reason.empty() && never_collected(result).empty()) {
        reasons.emplace(result.service, coverage_text(coverage));
      }
    }
  }
  std::string text;
  for (const auto& [service, reason] : reasons) {
    text += fmt::format("  {}: {}\n", service, reason);
  }
  return text;
}

std::string detail_text(const kpi::KpiResult& result) {
  const kpi::Definition& definition = *result.definition;
  std::string text = fmt::format(
      "{} (version {}): {}\n{}\n\nservice      {}\nwindow       {} to {}\n", definition.id,
      definition.version, definition.title_en, definition.definition, result.service,
      format_rfc3339(result.window.from), format_rfc3339(result.window.to));
  text += fmt::format("n            {}\n", result.n);
  for (const char* stat : {"median", "p75", "p90", "value"}) {
    const auto found = result.stats.find(stat);
    if (found != result.stats.end()) {
      const bool has_interval = found->first == "median" || found->first == "value";
      text += fmt::format("{:<13}{}{}\n", stat, value_text(definition, found->second),
                          has_interval ? interval_text(result) : "");
    }
  }
  if (result.stats.empty()) {
    text += "value        none: nothing was measured in this window\n";
  }
  if (!result.excluded.empty()) {
    text += fmt::format("excluded     {}\n", counts_text(result.excluded));
  }
  if (!result.adjusted.empty()) {
    text += fmt::format("adjusted     {}\n", counts_text(result.adjusted));
  }
  text += fmt::format("provisional  {}\n", result.provisional ? "yes" : "no");
  for (const kpi::InputCoverage& coverage : result.coverage) {
    text += fmt::format("coverage     {}\n", coverage_text(coverage));
  }
  return text;
}

std::string csv_text(std::span<const kpi::KpiResult> results) {
  std::string text =
      "kpi,version,service,window,from,to,stat,value,n,provisional,excluded,adjusted\n";
  for (const kpi::KpiResult& result : results) {
    const std::string prefix =
        fmt::format("{},{},{},{},{},{}", result.definition->id, result.definition->version,
                    csv_field(result.service), result.window.name,
                    format_rfc3339(result.window.from), format_rfc3339(result.window.to));
    const std::string suffix = fmt::format("{},{},{},{}", result.n, result.provisional,
                                           csv_field(counts_text(result.excluded)),
                                           csv_field(counts_text(result.adjusted)));
    auto stats = result.stats;
    if (result.lower && result.upper) {
      stats["lower"] = *result.lower;
      stats["upper"] = *result.upper;
    }
    if (stats.empty()) {
      text += fmt::format("{},,,{}\n", prefix, suffix);
    }
    for (const auto& [stat, value] : stats) {
      text += fmt::format("{},{},{},{}\n", prefix, stat, value, suffix);
    }
  }
  return text;
}

}  // namespace baselined
