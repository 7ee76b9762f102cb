// Facts of incidents: whose each was, when it began to hurt and when that ended, and which
// deployments people say caused and fixed it. What that makes of a deployment: failures.
//
// An incident belongs to the service that its source names, if there is one of that name; else to
// that of the repository whose tracker holds it; else to none, and is no fact. It ended with the
// first time that it was mitigated or resolved after it was last reopened, and was restored when it
// was mitigated, else resolved. Where several collectors tell of one incident of a service, the
// record that came last counts, and the links of all.
// Threads: the thread that owns the write connection. Errors: those of the store.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/derive/census.h"
#include "daemon/derive/stale.h"
#include "daemon/derive/statements.h"

namespace baselined::derive {

class IncidentFacts {
 public:
  IncidentFacts(store::Connection& db, const Mapping& mapping)
      : statements_(std::make_shared<Statements>(db)), mapping_(&mapping) {}

  // All of them. Adds the services whose incidents these are, and were.
  Status derive(const Collectors& collectors, Stale& stale);
  // Those with these ids.
  Status follow(const Collectors& collectors, const std::set<std::string>& incidents, Stale& stale);

  // Whether an incident names it. It may come or move when nothing else does.
  Result<bool> link_tag(const std::string& tag);

 private:
  struct Row {
    std::int64_t id = 0;
    std::int64_t service = 0;
    std::int64_t began_at = 0;
  };
  struct Owners;

  Result<Owners> read_owners(const Collectors& collectors);
  Result<std::vector<Row>> read_rows(store::Statement& select, const Owners& owners);
  Status add(const std::vector<Row>& rows, Stale& stale);
  // The services of the rows that this finds, and when their incidents began.
  static Status read_stale(store::Statement& select, Stale& stale);

  std::shared_ptr<Statements> statements_;
  const Mapping* mapping_;
};

}  // namespace baselined::derive
