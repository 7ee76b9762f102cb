// Failures: which deployments of a service failed, what made each good, and which deployments
// repaired (rework).
//
// A deployment failed where an incident is held against it, where the deployment after it is a
// rollback, where a hotfix is the next thing that is deployed, or where a change that it shipped is
// reverted by a later one.
//   incident  It links what caused it: that deployment; what the link names may be unknown, then so
//             is the cause. Without a link: the last deployment of the service that is no rollback
//             before it, and before what is said to have fixed it, if that is not longer ago than
//             the look-back of the service.
//   hotfix    The last deployment before it that is no rollback: a rollback has repaired already.
//   revert    The deployment that shipped the reverted change first. If it is the same one, nobody
//             met the change.
// No change is held against the first deployment of a repository, as it is unknown what it shipped;
// a hotfix or a rollback after it is.
//
// Derived again from the earliest time that a change of deployments, changes or incidents touches:
// each row has the time of what repaired, or of the incident, and nothing before that time depends
// on anything after it. But a link may name whatever is or was: rows of incidents with links have
// no such time (Stale::kNothing) and are always derived again. A row belongs to the service of the
// incident, whichever service deployed. Threads: the thread that owns the
// write connection. Errors: those of the store.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "daemon/derive/census.h"
#include "daemon/derive/record_reader.h"
#include "daemon/derive/stale.h"
#include "daemon/derive/statements.h"

namespace baselined::derive {

class Failures {
 public:
  // The census, with its ids, and the mapping must outlive it.
  static Result<Failures> create(store::Connection& db, const Census& census,
                                 const Mapping& mapping, RecordReader records);

  // From the times on that are stale, and what is linked. Adds the services whose failures may be
  // others now: an incident may link a deployment of another service.
  Status derive(Stale stale, std::set<std::int64_t>& services);

 private:
  struct Incident;
  struct Link;
  struct Cause;

  Failures(store::Connection& db, const Mapping& mapping, RecordReader records)
      : statements_(std::make_shared<Statements>(db)),
        records_(std::move(records)),
        identities_(mapping) {}

  void add_owners_of_the_same(std::int64_t service, std::set<std::int64_t>& services) const;
  Status add_linking(Stale& stale);
  Status add_linked(std::int64_t service, std::set<std::int64_t>& services);
  Status erase(std::int64_t service, std::int64_t from);
  Status add(std::int64_t service, std::int64_t from);
  Status add_rollbacks(std::int64_t service, std::int64_t from);
  Status add_hotfixes(std::int64_t service, std::int64_t from);
  Status add_reverts(std::int64_t service, std::int64_t from);
  // The query gives what was broken, what repaired it and when, of a service from that time on.
  Status add_fixes(std::int64_t service, std::int64_t from, std::string_view method,
                   std::string_view sql);
  Status add_incidents(std::int64_t service, std::int64_t from, Microseconds lookback);
  Status add_incident(std::int64_t service, const Incident& incident, Microseconds lookback);
  Status add_link_of_fix(std::int64_t service, const Link& link, const Cause& cause);
  Status add_fix_of(std::int64_t service, std::int64_t broken, std::int64_t fix);
  Result<Cause> cause_of(std::int64_t service, const Incident& incident,
                         const std::vector<Link>& links, Microseconds lookback);
  // The last time at which the cause of an incident that began at `until` can have finished.
  Result<std::int64_t> last_before_fix(const std::vector<Link>& links, std::int64_t since,
                                       std::int64_t until);
  Result<std::vector<Link>> links_of(const Incident& incident);
  // As its services have it; none: the text names none that is known.
  Result<std::vector<const Repository*>> repositories_of(std::int64_t text);
  // Ids of the deployments that it names; none where it names none that is known.
  Result<std::vector<std::int64_t>> resolve(const Link& link);
  Result<std::vector<std::int64_t>> resolve(const Repository& repository, const Link& link);
  Result<std::vector<std::int64_t>> deployments_numbered(const Repository& repository,
                                                         const Link& link);
  Result<std::vector<std::int64_t>> deployments_of_change(const Repository& repository,
                                                          const std::string& number);
  Result<std::vector<std::int64_t>> deployments_of(const Repository& repository, const Oid& sha);
  Result<std::vector<std::int64_t>> deployments_tagged(const Repository& repository,
                                                       const std::string& tag);
  Result<std::vector<std::int64_t>> first_deployment_of(const Repository& repository,
                                                        std::int64_t commit);
  Status add_failure(std::int64_t service, std::int64_t deployment, std::string_view method,
                     std::int64_t incident, std::int64_t at,
                     std::optional<std::int64_t> recovered_at);
  Status add_rework(std::int64_t service, std::int64_t deployment, std::string_view method,
                    std::int64_t at);

  std::shared_ptr<Statements> statements_;
  RecordReader records_;
  Identities identities_;
  std::map<std::int64_t, const ServiceRule*> rules_;  // by service
  // By identity, and by its text as they were asked for.
  std::map<std::string, std::vector<const Repository*>, std::less<>> repositories_;
  std::map<std::int64_t, std::vector<const Repository*>> of_text_;
};

}  // namespace baselined::derive
