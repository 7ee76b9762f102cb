#include "daemon/host/run_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/config/capabilities.h"

namespace baselined::host {
namespace {

records::StreamDescription describe_stream(const config::ManifestStream& stream) {
  records::StreamDescription description{stream.name, stream.contract, {}};
  for (const config::ManifestColumn& column : stream.columns) {
    description.columns.push_back(
        {column.name, column.type, column.key, column.required, column.personal});
  }
  return description;
}

// known_capabilities() has the names in the order of the BL_CAP_* bits.
std::uint32_t capability_bit(const std::string& name) {
  const auto& known = config::known_capabilities();
  const auto found = std::find(known.begin(), known.end(), name);
  return found == known.end() ? 0 : 1U << static_cast<std::uint32_t>(found - known.begin());
}

// Asked for and granted: what is granted but not asked for stays closed.
Result<std::uint32_t> grant(const config::Collector& collector) {
  const auto& asked = collector.manifest.capabilities;
  const auto missing = config::missing_capabilities(asked, collector.allow);
  if (!missing.empty()) {
    return Error(Error::Code::config,
                 fmt::format("plugin {} asks for the capability {}, which collector {} does not "
                             "grant; to grant it: {}",
                             collector.manifest.id, missing.front(), collector.name,
                             config::allow_line(asked)));
  }
  std::uint32_t bits = 0;
  for (const std::string& name : asked) {
    const std::uint32_t bit = capability_bit(name);
    if (bit == 0) {
      return Error(Error::Code::config,
                   fmt::format("plugin {} asks for the capability {}, which does not exist",
                               collector.manifest.id, name));
    }
    bits |= bit;
  }
  return bits;
}

}  // namespace

Result<RunPlan> plan_run(const config::Collector& collector, const records::Contracts& contracts) {
  RunPlan plan;
  BL_TRY(plan.granted_capabilities, grant(collector));
  for (const config::ManifestStream& stream : collector.manifest.streams) {
    Result<records::StreamMapping> mapping =
        records::StreamMapping::create(contracts, describe_stream(stream));
    if (!mapping) {
      return std::move(mapping).error().with("plugin " + collector.manifest.id);
    }
    plan.streams.push_back(*std::move(mapping));
  }
  return plan;
}

Error over_limit(const config::Collector& collector, std::string_view what, std::string_view key) {
  return {Error::Code::limit,
          fmt::format("plugin {} {} in one run; to allow more, set {} in [collector.limits] of "
                      "collector {}",
                      collector.manifest.id, what, key, collector.name)};
}

}  // namespace baselined::host
