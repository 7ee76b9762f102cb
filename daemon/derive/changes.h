// Changes: the records that came or changed since the last update, by repository.
// Threads: the thread of the connection.
// Errors: those of the store.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/derive/candidates.h"
#include "daemon/derive/census.h"
#include "daemon/derive/commit_batch.h"
#include "daemon/derive/record_reader.h"
#include "daemon/derive/schema.h"

namespace baselined::derive {

struct RepositoryChanges {
  CommitBatch added;                  // new commit records
  CommitBatch changed;                // older ones, as they are now
  std::vector<std::int64_t> removed;  // older ones
  // Refs and deployments by name, whatever happened to them.
  std::set<std::pair<Origin, std::string>> refs;
  std::set<std::string> numbers;  // of merge requests and pull requests
  bool has_other_paths = false;   // of commits that are older, so that others may own them
};

struct Changes {
  std::map<std::size_t, RepositoryChanges> repositories;  // by position in the census
  std::set<std::string> incidents;                        // by their ids
};

Result<Changes> read_changes(store::Connection& db, const State& since, const Census& census,
                             RecordReader& records);
// All changes are taken in.
Status clear_changes(store::Connection& db);

}  // namespace baselined::derive
