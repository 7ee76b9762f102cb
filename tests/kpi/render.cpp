#include "tests/kpi/render.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace baselined::kpi_text {
namespace {

// Exact, to the microsecond: "2d 3h 10m 5.5s".
std::string duration(double seconds) {
  auto rest = std::llround(seconds * 1e6);
  if (rest == 0) {
    return "0s";
  }
  std::string text = rest < 0 ? "minus" : "";
  rest = std::abs(rest);
  for (const auto& [unit, length] :
       {std::pair("d", 86'400'000'000LL), std::pair("h", 3'600'000'000LL),
        std::pair("m", 60'000'000LL)}) {
    if (rest >= length) {
      text += fmt::format(" {}{}", rest / length, unit);
      rest %= length;
    }
  }
  if (rest > 0) {
    text += fmt::format(" {}s", static_cast<double>(rest) / 1e6);
  }
  return text[0] == ' ' ? text.substr(1) : text;
}

std::string number(const kpi::KpiResult& result, double value) {
  return result.definition->unit == "seconds" ? duration(value) : fmt::format("{:.4g}", value);
}

std::string stats(const kpi::KpiResult& result) {
  if (result.stats.empty()) {
    return " no value";
  }
  std::string text;
  for (const char* name : {"median", "p75", "p90", "value"}) {
    const auto stat = result.stats.find(name);
    if (stat == result.stats.end()) {
      continue;
    }
    text += fmt::format(" {} {}", name, number(result, stat->second));
    if (result.numerator && result.denominator) {
      text += fmt::format(" ({:g} / {:g})", *result.numerator, *result.denominator);
    }
  }
  return text;
}

std::string interval(const kpi::KpiResult& result) {
  if (!result.lower || !result.upper) {
    return " interval none";
  }
  return fmt::format(" interval {} to {}", number(result, *result.lower),
                     number(result, *result.upper));
}

std::string counts(const char* title, const std::map<std::string, std::uint64_t>& by_reason) {
  std::string text;
  for (const auto& [reason, count] : by_reason) {
    text += fmt::format("{} {} {}", text.empty() ? "" : ",", reason, count);
  }
  return text.empty() ? "" : fmt::format(" {}{}", title, text);
}

std::string reasons(const kpi::KpiResult& result) {
  std::set<std::string> distinct;
  for (const kpi::InputCoverage& input : result.coverage) {
    if (!input.reason.empty()) {
      distinct.insert(input.reason);
    }
  }
  return distinct.empty() ? "" : fmt::format(" because {}", fmt::join(distinct, "; "));
}

}  // namespace

std::string render(const kpi::KpiResult& result, bool with_interval) {
  return fmt::format("{} n {}{}{}{}{} provisional {}{}", result.service, result.n, stats(result),
                     with_interval ? interval(result) : "", counts("excluded", result.excluded),
                     counts("adjusted", result.adjusted), result.provisional ? "yes" : "no",
                     reasons(result));
}

}  // namespace baselined::kpi_text
