// The JSON of runs, shared by `collect --json`, the control socket and `status --json`.
//
// Threads: pure functions.
#pragma once

#include "daemon/base/json.h"
#include "daemon/host/host.h"

namespace baselined {

// Sums over contracts. `rows` by contract is in to_json.
records::Counts total(const records::CountsByContract& counts);

// {"rows": {contract: n}, "inserted", "updated", "removed", "unchanged", "seconds", "outcome",
//  "message"}: the documented outcome of a collection.
json::object to_json(const host::RunReport& report);

}  // namespace baselined
