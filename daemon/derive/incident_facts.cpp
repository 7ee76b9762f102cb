#include "daemon/derive/incident_facts.h"

#include <fmt/format.h>

#include "daemon/derive/identity.h"
#include "daemon/derive/services.h"

namespace baselined::derive {

namespace {

// People note the minute in which it began to hurt: what was deployed in that may be the cause.
constexpr std::string_view kBeganAt =
    "coalesce(i.impact_started_at + CASE WHEN i.impact_started_at % 60000000 = 0"
    " AND i.impact_started_at < 9223372036794775807 THEN 59999999 ELSE 0 END, i.opened_at)";

std::string rows_sql(std::string_view which) {
  return fmt::format(
      "SELECT i.id, repository.value, hint.value, i.collector, {} FROM record_incident_1 i"
      " LEFT JOIN text repository ON repository.id = i.repository"
      " LEFT JOIN text hint ON hint.id = i.service_hint WHERE i.removed_at IS NULL{}"
      " ORDER BY i.id",
      kBeganAt, which);
}

// The first event of a kind after the incident was last reopened.
std::string first_event(std::string_view which) {
  return fmt::format(
      "(SELECT min(e.at) FROM record_incident_event_1 e JOIN text kind ON kind.id = e.kind"
      " WHERE e.collector = i.collector AND e.incident = i.incident AND e.removed_at IS NULL"
      " AND {} AND NOT EXISTS (SELECT 1 FROM record_incident_event_1 r JOIN text again"
      "  ON again.id = r.kind WHERE r.collector = i.collector AND r.incident = i.incident"
      "  AND r.removed_at IS NULL AND again.value = 'reopened' AND r.at >= e.at))",
      which);
}

// ?1: the record, ?2: the service. A difference that no integer holds would be a real.
std::string insert_sql() {
  return fmt::format(
      "INSERT OR REPLACE INTO fact_incident(id, service, incident, opened_at, began_at, ended_at,"
      " restored_at, restore_us, is_open, cause)"
      " SELECT id, ?2, incident, opened_at, began_at, min(coalesce(mitigated_at, resolved_at),"
      " coalesce(resolved_at, mitigated_at)), coalesce(mitigated_at, resolved_at),"
      " CAST(max(coalesce(mitigated_at, resolved_at) - opened_at, 0) AS INTEGER),"
      " is_open AND mitigated_at IS NULL,"
      " 'unknown' FROM (SELECT i.id, i.incident, i.opened_at,"
      " {} AS began_at, state.value = 'open' AS is_open,"
      " {} AS mitigated_at, {} AS resolved_at"
      " FROM record_incident_1 i JOIN text state ON state.id = i.state WHERE i.id = ?1)",
      kBeganAt, first_event("kind.value = 'mitigated'"),
      first_event("kind.value = 'resolved' AND state.value <> 'open'"));
}

constexpr std::string_view kInsertLinks =
    "INSERT OR IGNORE INTO fact_incident_link(incident, role, refers_to, name, collector,"
    " repository)"
    " SELECT f.id, role.value, refers_to.value, l.deployment, l.collector,"
    " coalesce(l.repository, i.repository, 0)"
    " FROM record_incident_1 i JOIN fact_incident f ON f.service = ?2 AND f.incident = i.incident"
    " JOIN record_incident_link_1 l ON l.collector = i.collector AND l.incident = i.incident"
    " JOIN text role ON role.id = l.role JOIN text refers_to ON refers_to.id = l.refers_to"
    " WHERE i.id = ?1 AND l.removed_at IS NULL";

}  // namespace

struct IncidentFacts::Owners {
  const Collectors& collectors;
  Identities identities;
  ServiceIds services;
  ServiceIds repositories;

  // 0: nobody's.
  std::int64_t of(const store::Statement& row) const {
    const auto named = services.find(row.text(2));
    if (named != services.end() && !row.is_null(2)) {
      return named->second;
    }
    const auto tracked = repositories.find(identities.canonical(row.text(1)));
    return tracked != repositories.end() && !row.is_null(1) ? tracked->second : 0;
  }
};

Result<IncidentFacts::Owners> IncidentFacts::read_owners(const Collectors& collectors) {
  BL_TRY(ServiceIds services, service_ids(statements_->db()));
  BL_TRY(ServiceIds repositories, services_of_repositories(statements_->db()));
  return Owners{collectors, Identities(*mapping_), std::move(services), std::move(repositories)};
}

Result<std::vector<IncidentFacts::Row>> IncidentFacts::read_rows(store::Statement& select,
                                                                 const Owners& owners) {
  std::vector<Row> rows;
  while (true) {
    BL_TRY(const bool found, select.step());
    if (!found) {
      return rows;
    }
    const std::int64_t service =
        owners.collectors.take_part(select.integer(3)) ? owners.of(select) : 0;
    if (service != 0) {
      rows.push_back({select.integer(0), service, select.integer(4)});
    }
  }
}

Status IncidentFacts::add(const std::vector<Row>& rows, Stale& stale) {
  static const std::string kInsert = insert_sql();
  for (const std::string_view sql : {std::string_view(kInsert), kInsertLinks}) {
    BL_TRY(store::Statement * insert, statements_->get(sql));
    for (const Row& row : rows) {
      stale.add(row.service, row.began_at);
      BL_CHECK(insert->bind(1, row.id).bind(2, row.service).run());
    }
  }
  return {};
}

Status IncidentFacts::read_stale(store::Statement& select, Stale& stale) {
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return {};
    }
    stale.add(select.integer(0), select.integer(1));
  }
}

Status IncidentFacts::derive(const Collectors& collectors, Stale& stale) {
  BL_TRY(store::Statement * was,
         statements_->get("SELECT service, min(began_at) FROM fact_incident GROUP BY service"));
  BL_CHECK(read_stale(*was, stale));
  BL_CHECK(statements_->db().execute("DELETE FROM fact_incident_link; DELETE FROM fact_incident"));
  BL_TRY(const Owners owners, read_owners(collectors));
  BL_TRY(store::Statement select, statements_->db().prepare(rows_sql("")));
  BL_TRY(const std::vector<Row> rows, read_rows(select, owners));
  return add(rows, stale);
}

Result<bool> IncidentFacts::link_tag(const std::string& tag) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT 1 FROM fact_incident_link WHERE refers_to = 'tag'"
                          " AND name = ?1"));
  BL_TRY(const bool row, select->bind(1, std::string_view(tag)).step());
  select->reset();
  return row;
}

Status IncidentFacts::follow(const Collectors& collectors, const std::set<std::string>& incidents,
                             Stale& stale) {
  if (incidents.empty()) {
    return {};
  }
  BL_TRY(const Owners owners, read_owners(collectors));
  BL_TRY(store::Statement select,
         statements_->db().prepare(rows_sql(" AND i.collector IN (SELECT id FROM collector)"
                                            " AND i.incident = ?1")));
  BL_TRY(store::Statement * was,
         statements_->get("SELECT service, began_at FROM fact_incident WHERE service IN"
                          " (SELECT id FROM fact_service) AND incident = ?1"));
  BL_TRY(store::Statement * erase_links,
         statements_->get("DELETE FROM fact_incident_link WHERE incident IN (SELECT id FROM"
                          " fact_incident WHERE service IN (SELECT id FROM fact_service)"
                          " AND incident = ?1)"));
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_incident WHERE service IN"
                          " (SELECT id FROM fact_service) AND incident = ?1"));
  for (const std::string& incident : incidents) {
    BL_CHECK(read_stale(was->bind(1, std::string_view(incident)), stale));
    BL_CHECK(erase_links->bind(1, std::string_view(incident)).run());
    BL_CHECK(erase->bind(1, std::string_view(incident)).run());
    select.bind(1, std::string_view(incident));
    BL_TRY(const std::vector<Row> rows, read_rows(select, owners));
    BL_CHECK(add(rows, stale));
  }
  return {};
}

}  // namespace baselined::derive
