// The census: which repositories there are, read from the keys of the records and the coverage
// of the collectors that take part, and what the mapping makes of them. Costs a few index seeks per
// repository, not per record. Ownership: a Census refers to the mapping, which must outlive it.
// Threads: the thread of the connection.
// Errors: those of the store.
#pragma once

#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "daemon/base/result.h"
#include "daemon/derive/collectors.h"
#include "daemon/derive/identity.h"
#include "daemon/derive/repository.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

// What the mapping says of a service, for people; nothing: it does not.
struct ServiceRules {
  std::optional<std::string> deployment;
  std::optional<std::string> fix;
  bool owns_commits = true;
};

// The services that own one repository, as positions in the census: they follow each other.
struct Positions {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Census {
  Collectors collectors;                                // whose records take part
  std::vector<Repository> repositories;                 // by identity, part; ids are not set yet
  std::unordered_map<std::int64_t, Positions> of_text;  // text.id to repository
  // Kind, collector and text.id of who tells of deployments, jobs or runs, to the repository that
  // they are of.
  std::map<std::tuple<Origin, std::int64_t, std::int64_t>, Positions> of_forge;
  // The same of changes.
  std::map<std::pair<std::int64_t, std::int64_t>, Positions> of_tracker;
  // Every service: those of the mapping and those that repositories are of themselves.
  std::map<std::string, ServiceRules> services;
  // Of a service, contract and identity: trackers elsewhere that hold incidents of its name.
  std::map<std::string, std::map<std::pair<std::string, std::string>, Input>> incident_inputs;
};

Result<Census> read_census(store::Connection& db, const Mapping& mapping);

}  // namespace baselined::derive
