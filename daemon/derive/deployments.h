// From what a forge tells to candidates: which of its deployments count, and which would but
// cannot.
//
// A deployment counts where its environment is one of the rule's, by its name or by what the forge
// takes it for, and where its first end was a success. It is known by its environment and number,
// "live #12", however many collectors tell of it. A job or run counts where it succeeded, by the
// job's name or the run's branch. Threads: the thread of the connection. Errors:
// those of the store.
#pragma once

#include <optional>
#include <string>

#include "daemon/derive/refs.h"

namespace baselined::derive {

// Of one name, or of all.
Status read_deployments(RecordReader& records, CommitGraph& graph, const Repository& repository,
                        Origin origin, const std::optional<std::string>& name, Outcome& outcome);

// For a repository that cannot have deployments yet: those that would count are excluded.
Status exclude_deployments(RecordReader& records, const Repository& repository,
                           const std::string& reason, std::vector<Exclusion>& exclusions);

}  // namespace baselined::derive
