#include "daemon/main/run_json.h"

namespace baselined {

records::Counts total(const records::CountsByContract& counts) {
  records::Counts sum;
  for (const auto& [contract, part] : counts) {
    sum += part;
  }
  return sum;
}

json::object to_json(const host::RunReport& report) {
  json::object rows;
  for (const auto& [contract, counts] : report.counts) {
    rows[contract] = counts.rows;
  }
  const records::Counts sum = total(report.counts);
  return {{"rows", std::move(rows)},
          {"inserted", sum.inserted},
          {"updated", sum.updated},
          {"removed", sum.removed},
          {"unchanged", sum.unchanged},
          {"seconds", static_cast<double>(report.duration.count()) / 1e6},
          {"outcome", json::string(report.outcome())},
          {"message", report.failure ? json::value(report.failure->message()) : json::value()}};
}

}  // namespace baselined
