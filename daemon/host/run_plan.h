// What a run needs to know about its collector before a worker is started: how the streams of the
// plugin fill contracts, and what the worker may do.
// Threads: a value, immutable once made.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "daemon/config/configuration.h"
#include "daemon/records/contract.h"
#include "daemon/records/stream.h"

namespace baselined::host {

struct RunPlan {
  std::vector<records::StreamMapping> streams;  // in the order of the manifest
  std::uint32_t granted_capabilities = 0;       // BL_CAP_* bits: asked for and granted
};

// Errors: config, for a stream that fits no contract and for a capability that is asked for but not
// granted (the message has the line to add). `check` refuses both already; this is the last gate.
Result<RunPlan> plan_run(const config::Collector& collector, const records::Contracts& contracts);

// "plugin X emitted more than 5 rows in one run; to allow more, set rows in [collector.limits]".
Error over_limit(const config::Collector& collector, std::string_view what, std::string_view key);

}  // namespace baselined::host
