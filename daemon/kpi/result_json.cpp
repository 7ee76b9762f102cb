#include <cmath>

#include "daemon/kpi/engine.h"

namespace baselined::kpi {
namespace {

// Whole numbers without an exponent: JSON makes no difference, people do.
json::value number(std::optional<double> value) {
  constexpr double kWholeUpTo = 9007199254740992;  // 2^53
  if (!value) {
    return nullptr;
  }
  if (std::floor(*value) == *value && std::abs(*value) < kWholeUpTo) {
    return static_cast<std::int64_t>(*value);
  }
  return *value;
}

json::value time(std::optional<UtcTime> time) {
  return time ? json::value(format_rfc3339(*time)) : json::value(nullptr);
}

json::value stat(const KpiResult& result, const char* name) {
  const auto found = result.stats.find(name);
  return found == result.stats.end() ? json::value(nullptr) : number(found->second);
}

json::object stats(const KpiResult& result) {
  json::object object;
  if (result.definition->kind == Kind::duration) {
    object["median"] = stat(result, "median");
    object["p75"] = stat(result, "p75");
    object["p90"] = stat(result, "p90");
  } else {
    object["value"] = stat(result, "value");
    object["numerator"] = number(result.numerator);
    object["denominator"] = number(result.denominator);
  }
  object["lower"] = number(result.lower);
  object["upper"] = number(result.upper);
  return object;
}

json::object counts(const std::map<std::string, std::uint64_t>& by_reason) {
  json::object object;
  for (const auto& [reason, count] : by_reason) {
    object[reason] = count;
  }
  return object;
}

json::array coverage(const std::vector<InputCoverage>& inputs) {
  json::array array;
  for (const InputCoverage& input : inputs) {
    json::object object;
    object["contract"] = input.contract;
    object["repository"] =
        input.repository.empty() ? json::value(nullptr) : json::value(input.repository);
    object["from"] = time(input.from);
    object["until"] = time(input.until);
    object["reason"] = input.reason.empty() ? json::value(nullptr) : json::value(input.reason);
    array.push_back(std::move(object));
  }
  return array;
}

}  // namespace

json::value to_json(const KpiResult& result) {
  json::object object;
  object["kpi"] = result.definition->id;
  object["version"] = result.definition->version;
  object["unit"] = result.definition->unit;
  object["kind"] = to_string(result.definition->kind);
  object["service"] = result.service;
  object["from"] = format_rfc3339(result.window.from);
  object["to"] = format_rfc3339(result.window.to);
  object["n"] = result.n;
  object["stats"] = stats(result);
  object["excluded"] = counts(result.excluded);
  object["adjusted"] = counts(result.adjusted);
  object["provisional"] = result.provisional;
  object["coverage"] = coverage(result.coverage);
  return object;
}

}  // namespace baselined::kpi
