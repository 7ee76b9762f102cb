// How each collector is doing: from the run log for commands and at start, and kept up to date by
// the daemon, which also knows what comes next.
//
// Threads: values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/main/settings.h"
#include "daemon/store/sqlite.h"

namespace baselined {

struct CollectorStatus {
  std::string name;
  std::string plugin;
  std::string state = "never_run";  // never_run, waiting, running, failing, parked
  std::optional<UtcTime> last_success;
  std::optional<UtcTime> unfinished_since;  // a run that has no outcome (yet)
  std::uint64_t rows = 0;                   // emitted by the last run
  std::uint64_t changed = 0;                // inserted, updated or removed by it
  std::map<std::string, std::string> cursor;
  std::optional<UtcTime> next_run;  // nothing: not scheduled (no daemon, or parked)
  std::string reason;  // the last run's failure, else its first warning; empty when all is well
};

// From the run log and the cursors, in the configuration's order. Without a reader (nothing was
// collected yet) no collector has run.
Result<std::vector<CollectorStatus>> read_statuses(store::Connection* reader,
                                                   const Settings& settings);

json::value to_json(const std::vector<CollectorStatus>& statuses, UtcTime now);

}  // namespace baselined
