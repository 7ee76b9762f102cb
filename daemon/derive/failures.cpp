#include "daemon/derive/failures.h"

#include <algorithm>

#include "daemon/derive/bind.h"
#include "daemon/derive/refs.h"
#include "daemon/derive/services.h"
#include "daemon/derive/shipping.h"
#include "daemon/records/values.h"

namespace baselined::derive {

namespace {

constexpr std::string_view kCausedBy = "caused_by";
constexpr std::string_view kByLink = "link";
constexpr std::string_view kByLookback = "lookback";
constexpr std::string_view kUnknown = "unknown";

struct Fix {
  std::int64_t broken = 0;  // the deployment that it repaired; 0: none is known
  std::int64_t deployment = 0;
  std::int64_t finished_at = 0;
};

Result<std::vector<Fix>> read_fixes(store::Statement& select) {
  std::vector<Fix> fixes;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return fixes;
    }
    fixes.push_back({select.integer(0), select.integer(1), select.integer(2)});
  }
}

Result<std::vector<std::int64_t>> read_ids(store::Statement& select) {
  std::vector<std::int64_t> ids;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return ids;
    }
    ids.push_back(select.integer(0));
  }
}

}  // namespace

struct Failures::Incident {
  std::int64_t id = 0;
  std::int64_t began_at = 0;
  std::optional<std::int64_t> ended_at;
  std::string cause;
};

struct Failures::Link {
  std::string role;
  std::string refers_to;
  std::string name;
  std::int64_t collector = 0;
  std::int64_t text = 0;  // of the repository
};

struct Failures::Cause {
  std::string_view method;
  std::vector<std::int64_t> deployments;
};

Result<Failures> Failures::create(store::Connection& db, const Census& census,
                                  const Mapping& mapping, RecordReader records) {
  Failures failures(db, mapping, std::move(records));
  BL_TRY(const ServiceIds services, service_ids(db));
  for (const ServiceRule& rule : mapping.services) {
    const auto service = services.find(rule.name);
    if (service != services.end()) {
      failures.rules_[service->second] = &rule;
    }
  }
  for (const Repository& repository : census.repositories) {
    failures.repositories_[repository.identity].push_back(&repository);
  }
  return failures;
}

Status Failures::derive(Stale stale, std::set<std::int64_t>& services) {
  BL_CHECK(add_linking(stale));
  for (const auto& [service, from] : stale.services()) {
    services.insert(service);
    add_owners_of_the_same(service, services);
    BL_CHECK(add_linked(service, services));
    BL_CHECK(erase(service, from));
    BL_CHECK(add(service, from));
    BL_CHECK(add_linked(service, services));
  }
  return {};
}

// Of those that own parts of one repository it is told that its incidents name none of them.
void Failures::add_owners_of_the_same(std::int64_t service,
                                      std::set<std::int64_t>& services) const {
  for (const auto& [identity, owners] : repositories_) {
    const bool is_one = std::any_of(owners.begin(), owners.end(), [service](const Repository* one) {
      return one->service == service;
    });
    for (const Repository* one : is_one ? owners : std::vector<const Repository*>()) {
      services.insert(one->service);
    }
  }
}

// Incidents that link the deployments of other services are resolved again with those.
Status Failures::add_linking(Stale& stale) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT DISTINCT i.service, l.repository FROM fact_incident_link l"
                          " JOIN fact_incident i ON i.id = l.incident"));
  std::vector<std::pair<std::int64_t, std::int64_t>> linking;
  while (true) {
    BL_TRY(const bool row, select->step());
    if (!row) {
      break;
    }
    linking.emplace_back(select->integer(0), select->integer(1));
  }
  const Stale deployed = stale;
  for (const auto& [service, text] : linking) {
    BL_TRY(const std::vector<const Repository*> repositories, repositories_of(text));
    for (const Repository* repository : repositories) {
      if (repository->service != service && deployed.services().count(repository->service) != 0) {
        stale.add(service, Stale::kNothing);
      }
    }
  }
  return {};
}

// Whose deployments the incidents of this service link.
Status Failures::add_linked(std::int64_t service, std::set<std::int64_t>& services) {
  for (const std::string_view sql :
       {"SELECT DISTINCT d.service FROM fact_failure f JOIN fact_deployment d"
        " ON d.id = f.deployment WHERE f.service = ?1 AND f.at = ?2",
        "SELECT DISTINCT d.service FROM fact_rework f JOIN fact_deployment d"
        " ON d.id = f.deployment WHERE f.service = ?1 AND f.at = ?2"}) {
    BL_TRY(store::Statement * select, statements_->get(sql));
    BL_TRY(const std::vector<std::int64_t> linked,
           read_ids(select->bind(1, service).bind(2, Stale::kNothing)));
    services.insert(linked.begin(), linked.end());
  }
  return {};
}

Status Failures::add(std::int64_t service, std::int64_t from) {
  static const ServiceRule kNone{};
  const auto found = rules_.find(service);
  const ServiceRule& rule = found == rules_.end() ? kNone : *found->second;
  BL_CHECK(add_rollbacks(service, from));
  BL_CHECK(add_hotfixes(service, from));
  if (rule.reverts_are_fixes) {
    BL_CHECK(add_reverts(service, from));
  }
  return add_incidents(service, from, rule.incident_lookback);
}

Status Failures::erase(std::int64_t service, std::int64_t from) {
  for (const std::string_view sql : {"DELETE FROM fact_failure WHERE service = ?1 AND at >= ?2",
                                     "DELETE FROM fact_rework WHERE service = ?1 AND at >= ?2"}) {
    BL_TRY(store::Statement * erase, statements_->get(sql));
    BL_CHECK(erase->bind(1, service).bind(2, from).run());
  }
  return {};
}

Status Failures::add_fixes(std::int64_t service, std::int64_t from, std::string_view method,
                           std::string_view sql) {
  BL_TRY(store::Statement * select, statements_->get(sql));
  BL_TRY(const std::vector<Fix> fixes, read_fixes(select->bind(1, service).bind(2, from)));
  for (const Fix& fix : fixes) {
    BL_CHECK(add_rework(service, fix.deployment, method, fix.finished_at));
    if (fix.broken != 0) {
      BL_CHECK(add_failure(service, fix.broken, method, 0, fix.finished_at, fix.finished_at));
    }
  }
  return {};
}

Status Failures::add_rollbacks(std::int64_t service, std::int64_t from) {
  return add_fixes(service, from, "rollback",
                   "SELECT previous, id, finished_at FROM fact_deployment WHERE service = ?1"
                   " AND is_rollback = 1 AND finished_at >= ?2");
}

Status Failures::add_hotfixes(std::int64_t service, std::int64_t from) {
  return add_fixes(service, from, "hotfix",
                   "SELECT (SELECT p.id FROM fact_deployment p WHERE p.repository = d.repository"
                   " AND p.finished_at <= d.finished_at AND p.id < d.id AND p.is_rollback = 0"
                   " ORDER BY p.finished_at DESC, p.id DESC LIMIT 1), d.id, d.finished_at"
                   " FROM fact_deployment d WHERE d.is_seed = 0 AND d.id IN (SELECT deployment"
                   " FROM fact_change WHERE service = ?1 AND is_hotfix = 1 AND shipped_at >= ?2)");
}

// The revert of a revert brings a change back and repairs nothing. Whose the change was is what
// counts, not whose the revert is, which may lack its label. CROSS JOIN: in this order, from the
// few reverts.
Status Failures::add_reverts(std::int64_t service, std::int64_t from) {
  return add_fixes(service, from, "revert",
                   "SELECT CASE WHEN broken.is_seed THEN 0 ELSE broken.id END, d.id, d.finished_at"
                   " FROM fact_change c CROSS JOIN fact_deployment d ON d.id = c.deployment"
                   " CROSS JOIN fact_change was ON was.repository = c.repository"
                   " AND was.number = c.reverts AND was.service = ?1"
                   " CROSS JOIN fact_deployment broken ON broken.id = was.deployment"
                   " WHERE c.service IN (SELECT ?1 UNION ALL SELECT -2 * id FROM fact_repository"
                   " WHERE service = ?1 UNION ALL SELECT -2 * id - 1 FROM fact_repository"
                   " WHERE service = ?1) AND c.reverts IS NOT NULL AND was.reverts IS NULL"
                   " AND c.shipped_at >= ?2 AND d.is_seed = 0 AND broken.id < d.id");
}

Status Failures::add_incidents(std::int64_t service, std::int64_t from, Microseconds lookback) {
  BL_TRY(
      store::Statement * select,
      statements_->get("SELECT id, began_at, ended_at, cause FROM fact_incident WHERE service = ?1"
                       " AND began_at >= ?2 UNION"
                       " SELECT id, began_at, ended_at, cause FROM fact_incident WHERE service = ?1"
                       " AND id IN (SELECT incident FROM fact_incident_link)"));
  select->bind(1, service).bind(2, from);
  std::vector<Incident> incidents;
  while (true) {
    BL_TRY(const bool row, select->step());
    if (!row) {
      break;
    }
    incidents.push_back({select->integer(0), select->integer(1), optional_integer(*select, 2),
                         std::string(select->text(3))});
  }
  for (const Incident& incident : incidents) {
    BL_CHECK(add_incident(service, incident, lookback));
  }
  return {};
}

Status Failures::add_incident(std::int64_t service, const Incident& incident,
                              Microseconds lookback) {
  BL_TRY(const std::vector<Link> links, links_of(incident));
  BL_TRY(const Cause cause, cause_of(service, incident, links, lookback));
  if (cause.method != incident.cause) {
    BL_TRY(store::Statement * update,
           statements_->get("UPDATE fact_incident SET cause = ?2 WHERE id = ?1"));
    BL_CHECK(update->bind(1, incident.id).bind(2, cause.method).run());
  }
  const std::int64_t at = links.empty() ? incident.began_at : Stale::kNothing;
  for (const std::int64_t deployment : cause.deployments) {
    BL_CHECK(add_failure(service, deployment, cause.method, incident.id, at, incident.ended_at));
  }
  for (const Link& link : links) {
    if (link.role != kCausedBy) {
      BL_CHECK(add_link_of_fix(service, link, cause));
    }
  }
  return {};
}

Status Failures::add_link_of_fix(std::int64_t service, const Link& link, const Cause& cause) {
  BL_TRY(const std::vector<std::int64_t> fixes, resolve(link));
  for (const std::int64_t fix : fixes) {
    BL_CHECK(add_rework(service, fix, kByLink, Stale::kNothing));
    for (const std::int64_t broken : cause.deployments) {
      BL_CHECK(add_fix_of(service, broken, fix));
    }
  }
  return {};
}

// What came before it did not fix it.
Status Failures::add_fix_of(std::int64_t service, std::int64_t broken, std::int64_t fix) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT d.finished_at FROM fact_deployment d, fact_deployment broken"
                          " WHERE d.id = ?1 AND broken.id = ?2"
                          " AND d.finished_at >= broken.finished_at AND d.id <> broken.id"));
  BL_TRY(const bool is_later, select->bind(1, fix).bind(2, broken).step());
  const std::int64_t finished_at = is_later ? select->integer(0) : 0;
  select->reset();
  return is_later ? add_failure(service, broken, "fixed_by", 0, Stale::kNothing, finished_at)
                  : Status();
}

Result<std::vector<Failures::Link>> Failures::links_of(const Incident& incident) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT role, refers_to, name, collector, repository"
                          " FROM fact_incident_link WHERE incident = ?1"));
  select->bind(1, incident.id);
  std::vector<Link> links;
  while (true) {
    BL_TRY(const bool row, select->step());
    if (!row) {
      return links;
    }
    links.push_back({std::string(select->text(0)), std::string(select->text(1)),
                     std::string(select->text(2)), select->integer(3), select->integer(4)});
  }
}

Result<Failures::Cause> Failures::cause_of(std::int64_t service, const Incident& incident,
                                           const std::vector<Link>& links, Microseconds lookback) {
  Cause cause{kUnknown, {}};
  bool is_linked = false;
  for (const Link& link : links) {
    if (link.role == kCausedBy) {
      is_linked = true;
      BL_TRY(const std::vector<std::int64_t> named, resolve(link));
      cause.deployments.insert(cause.deployments.end(), named.begin(), named.end());
    }
  }
  if (is_linked) {
    cause.method = cause.deployments.empty() ? kUnknown : kByLink;
    return cause;
  }
  const std::int64_t since = difference(incident.began_at, lookback.count());
  BL_TRY(const std::int64_t until, last_before_fix(links, since, incident.began_at));
  BL_TRY(store::Statement * select,
         statements_->get("SELECT d.id FROM fact_deployment d JOIN fact_repository r"
                          " ON r.id = d.repository WHERE d.service = ?1 AND d.finished_at <= ?2"
                          " AND d.finished_at >= ?3 AND d.is_rollback = 0"
                          " ORDER BY d.finished_at DESC, r.identity DESC, r.part DESC, d.id DESC"
                          " LIMIT 1"));
  select->bind(1, service).bind(2, until).bind(3, since);
  BL_TRY(cause.deployments, read_ids(*select));
  cause.method = cause.deployments.empty() ? kUnknown : kByLookback;
  return cause;
}

// An incident may be told of after it was fixed: what fixed it, and what came later, caused it not.
Result<std::int64_t> Failures::last_before_fix(const std::vector<Link>& links, std::int64_t since,
                                               std::int64_t until) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT finished_at FROM fact_deployment WHERE id = ?1"));
  for (const Link& link : links) {
    if (link.role == kCausedBy) {
      continue;
    }
    BL_TRY(const std::vector<std::int64_t> fixes, resolve(link));
    for (const std::int64_t fix : fixes) {
      BL_TRY(const bool row, select->bind(1, fix).step());
      const std::int64_t fixed_at = row ? select->integer(0) : until;
      select->reset();
      if (fixed_at >= since && fixed_at <= until && fixed_at != kNoTime) {
        until = fixed_at - 1;
      }
    }
  }
  return until;
}

Result<std::vector<const Repository*>> Failures::repositories_of(std::int64_t text) {
  const auto known = of_text_.find(text);
  if (known != of_text_.end()) {
    return known->second;
  }
  BL_TRY(store::Statement * select, statements_->get("SELECT value FROM text WHERE id = ?1"));
  BL_TRY(const bool row, select->bind(1, text).step());
  const auto found =
      row ? repositories_.find(identities_.canonical(select->text(0))) : repositories_.end();
  select->reset();
  return of_text_[text] =
             found == repositories_.end() ? std::vector<const Repository*>() : found->second;
}

Result<std::vector<std::int64_t>> Failures::resolve(const Link& link) {
  BL_TRY(const std::vector<const Repository*> repositories, repositories_of(link.text));
  std::vector<std::int64_t> all;
  for (const Repository* repository : repositories) {
    BL_TRY(const std::vector<std::int64_t> some, resolve(*repository, link));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

Result<std::vector<std::int64_t>> Failures::resolve(const Repository& repository,
                                                    const Link& link) {
  if (link.refers_to == "deployment") {
    return deployments_numbered(repository, link);
  }
  if (link.refers_to == "change") {
    return link.name.starts_with('!') ? deployments_of_change(repository, link.name.substr(1))
                                      : std::vector<std::int64_t>();
  }
  if (link.refers_to == "tag") {
    return deployments_tagged(repository, link.name);
  }
  std::string sha;
  return records::oid_to_bytes(link.name, sha) ? deployments_of(repository, oid_of(sha))
                                               : std::vector<std::int64_t>();
}

// Its candidate may be one of several in a row on one commit, which are one deployment.
Result<std::vector<std::int64_t>> Failures::deployments_numbered(const Repository& repository,
                                                                 const Link& link) {
  BL_TRY(store::Statement * select,
         statements_->get(
             "SELECT (SELECT f.id FROM fact_deployment f WHERE f.repository = c.repository"
             " AND f.commit_id = c.commit_id AND f.finished_at <= c.finished_at"
             " ORDER BY f.finished_at DESC LIMIT 1) AS deployment"
             " FROM record_deployment_1 d JOIN text environment ON environment.id = d.environment"
             " JOIN fact_candidate c ON c.repository = ?1 AND c.origin = 'api'"
             " AND c.origin <> 'branch' AND c.name = environment.value || ' #' || d.deployment"
             " WHERE d.collector = ?2 AND d.origin = ?3 AND d.deployment = ?4"
             " AND d.removed_at IS NULL AND deployment IS NOT NULL"));
  select->bind(1, repository.id)
      .bind(2, link.collector)
      .bind(3, link.text)
      .bind(4, std::string_view(link.name));
  return read_ids(*select);
}

// A change, commit or tag of others is none of this service.
Result<std::vector<std::int64_t>> Failures::deployments_of_change(const Repository& repository,
                                                                  const std::string& number) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT commit_id FROM fact_change WHERE repository = ?1"
                          " AND number = ?2 AND service = ?3 AND commit_id IS NOT NULL"));
  select->bind(1, repository.id).bind(2, std::string_view(number)).bind(3, repository.service);
  BL_TRY(const bool row, select->step());
  const std::int64_t commit = row ? select->integer(0) : 0;
  select->reset();
  return first_deployment_of(repository, commit);
}

Result<std::vector<std::int64_t>> Failures::deployments_of(const Repository& repository,
                                                           const Oid& sha) {
  BL_TRY(const Belongs belongs, records_.belongs(repository, sha));
  if (belongs != Belongs::yes) {
    return std::vector<std::int64_t>();
  }
  BL_TRY(const std::int64_t commit, records_.find_commit(repository, sha));
  return first_deployment_of(repository, commit);
}

// A tag of the rule is the service's, whatever its commit touches.
Result<std::vector<std::int64_t>> Failures::deployments_tagged(const Repository& repository,
                                                               const std::string& tag) {
  BL_TRY(const std::vector<RefRow> rows, records_.tags(repository, true, tag));
  const bool is_ours = repository.rule != nullptr && is_deployment_tag(*repository.rule, tag);
  std::set<std::int64_t> all;
  for (const RefRow& row : rows) {
    BL_TRY(const std::int64_t commit, records_.find_commit(repository, row.sha));
    BL_TRY(const std::vector<std::int64_t> some,
           is_ours ? first_deployment_of(repository, commit) : deployments_of(repository, row.sha));
    all.insert(some.begin(), some.end());
  }
  return std::vector<std::int64_t>(all.begin(), all.end());
}

// The first deployment of a repository shipped what came before it too, nobody knows when, but its
// own head.
Result<std::vector<std::int64_t>> Failures::first_deployment_of(const Repository& repository,
                                                                std::int64_t commit) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT d.id FROM fact_commit c JOIN fact_deployment d"
                          " ON d.id = c.deployment WHERE c.repository = ?1 AND c.commit_id = ?2"
                          " AND (d.is_seed = 0 OR d.commit_id = c.commit_id)"));
  return read_ids(select->bind(1, repository.id).bind(2, commit));
}

Status Failures::add_failure(std::int64_t service, std::int64_t deployment, std::string_view method,
                             std::int64_t incident, std::int64_t at,
                             std::optional<std::int64_t> recovered_at) {
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT INTO fact_failure(deployment, method, incident, service, at,"
                          " recovered_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                          " ON CONFLICT DO UPDATE SET at = min(at, excluded.at),"
                          " recovered_at = min(recovered_at, excluded.recovered_at)"));
  insert->bind(1, deployment).bind(2, method).bind(3, incident).bind(4, service).bind(5, at);
  return bind_optional(*insert, 6, recovered_at).run();
}

Status Failures::add_rework(std::int64_t service, std::int64_t deployment, std::string_view method,
                            std::int64_t at) {
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT OR IGNORE INTO fact_rework(deployment, method, service, at)"
                          " VALUES (?1, ?2, ?3, ?4)"));
  return insert->bind(1, deployment).bind(2, method).bind(3, service).bind(4, at).run();
}

}  // namespace baselined::derive
