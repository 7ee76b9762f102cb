// Services and repositories as facts: brings fact_service, fact_repository and fact_input in line
// with the census and gives the census its ids.
// Threads: the thread that owns the write connection.
// Errors: those of the store.
#pragma once

#include <map>
#include <set>

#include "daemon/derive/census.h"

namespace baselined::derive {

struct Reconciled {
  // A repository is gone or changed hands, which no increment can follow.
  bool must_rebuild = false;
  std::set<std::int64_t> services;  // new, renamed, or with another coverage
  // Of repositories whose deployments must be derived anew: new, or other refs take part.
  std::set<std::int64_t> repositories;
};

Result<Reconciled> reconcile(store::Connection& db, Census& census);

using ServiceIds = std::map<std::string, std::int64_t, std::less<>>;
// By name.
Result<ServiceIds> service_ids(store::Connection& db);
// By identity; of a repository with parts, who owns the rest.
Result<ServiceIds> services_of_repositories(store::Connection& db);

Result<std::vector<std::string>> service_names(store::Connection& db,
                                               const std::set<std::int64_t>& services);

}  // namespace baselined::derive
