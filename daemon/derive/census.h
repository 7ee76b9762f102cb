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

// Coverage of one input of a service: the best of the collectors that read it.
struct Input {
  std::optional<std::int64_t> complete_from;
  std::optional<std::int64_t> complete_until;  // nothing: never read completely
  std::string reason;

  bool operator==(const Input&) const = default;
};

// What the mapping says of a service, for people; nothing: it does not.
struct ServiceRules {
  std::optional<std::string> deployment;
  std::optional<std::string> fix;
};

struct Census {
  Collectors collectors;                                  // whose records take part
  std::vector<Repository> repositories;                   // by identity; ids are not set yet
  std::unordered_map<std::int64_t, std::size_t> of_text;  // text.id to repository
  // Kind, collector and text.id of who tells of deployments, jobs or runs, to the repository that
  // they are of.
  std::map<std::tuple<Origin, std::int64_t, std::int64_t>, std::size_t> of_forge;
  // The same of changes.
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> of_tracker;
  std::map<std::string, std::map<std::string, Input>> inputs;  // identity, contract
  // Every service: those of the mapping and those that repositories are of themselves.
  std::map<std::string, ServiceRules> services;
  // Of a service, contract and identity: trackers elsewhere that hold incidents of its name.
  std::map<std::string, std::map<std::pair<std::string, std::string>, Input>> incident_inputs;
};

Result<Census> read_census(store::Connection& db, const Mapping& mapping);

}  // namespace baselined::derive
