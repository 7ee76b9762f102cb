#include "daemon/derive/changes.h"

#include <fmt/format.h>

#include "daemon/derive/bind.h"
#include "daemon/derive/record_reader.h"

namespace baselined::derive {

namespace {

constexpr int kRemovedColumn = 6;  // after those of CommitBatch

// Calls `take` for the changes of each that owns the repository.
template <typename Take>
void for_owners(Changes& changes, const Positions& owners, const Take& take) {
  for (std::size_t at = owners.begin; at < owners.end; ++at) {
    take(changes.repositories[at]);
  }
}

// By whoever tells of them: none where that is nobody who takes part.
template <typename Tellers>
Positions owners_of(const Tellers& tellers, const typename Tellers::key_type& teller) {
  const auto found = tellers.find(teller);
  return found == tellers.end() ? Positions{} : found->second;
}

Status read_commits(store::Connection& db, const State& since, const Census& census,
                    Changes& changes) {
  const std::string columns = CommitBatch::kColumns;
  const std::string of_collectors = census.collectors.condition();
  BL_TRY(store::Statement added, db.prepare("SELECT " + columns +
                                            " FROM record_commit_1 WHERE id > ?1"
                                            " AND removed_at IS NULL" +
                                            of_collectors + " ORDER BY id"));
  added.bind(1, since.commits);
  while (true) {
    BL_TRY(const bool row, added.step());
    if (!row) {
      break;
    }
    for_owners(changes, census.of_text.at(added.integer(1)),
               [&added](RepositoryChanges& each) { each.added.add(added); });
  }
  BL_TRY(store::Statement changed,
         db.prepare("SELECT " + columns +
                    ", removed_at FROM record_commit_1"
                    " WHERE id IN (SELECT row FROM record_change WHERE contract = 'commit/1')"
                    " AND id <= ?1" +
                    of_collectors + " ORDER BY id"));
  changed.bind(1, since.commits);
  while (true) {
    BL_TRY(const bool row, changed.step());
    if (!row) {
      return {};
    }
    for_owners(changes, census.of_text.at(changed.integer(1)), [&changed](RepositoryChanges& each) {
      if (changed.is_null(kRemovedColumn)) {
        each.changed.add(changed);
      } else {
        each.removed.push_back(changed.integer(0));
      }
    });
  }
}

// Of commits that were taken in before: what they touched came later, or changed.
class PathChanges {
 public:
  // since: the last record of a path that was taken in.
  static Result<PathChanges> create(store::Connection& db, RecordReader& records,
                                    std::int64_t since) {
    BL_TRY(store::Statement fact, db.prepare("SELECT service FROM fact_commit WHERE repository = ?1"
                                             " AND commit_id = ?2"));
    BL_TRY(store::Statement again,
           db.prepare("SELECT 1 FROM record_commit_path_1 WHERE collector = ?1 AND repository = ?2"
                      " AND sha = ?3 AND path_prefix = ?4 AND id <> ?5 AND id <= ?6"
                      " AND removed_at IS NULL AND id NOT IN (SELECT row FROM record_change"
                      " WHERE contract = 'commit_path/1')"));
    return PathChanges(records, since, std::move(fact), std::move(again));
  }

  // row: id, repository, sha, path. Whether it may make the commit another service's, or a change
  // that the commit, a merge, is.
  Result<bool> matters(const Repository& repository, const store::Statement& row) {
    const Oid sha = oid_of(row.blob(2));
    BL_TRY(const std::int64_t commit, records_.find_commit(repository, sha));
    BL_TRY(const bool was_taken, fact_.bind(1, repository.id).bind(2, commit).step());
    const std::int64_t service = was_taken ? fact_.integer(0) : 0;
    fact_.reset();
    if (!was_taken) {
      return false;
    }
    BL_TRY(const bool is_merge, records_.is_merge(commit));
    if (is_merge) {
      BL_TRY(const bool is_told, is_told_again(repository, row));
      return !is_told;
    }
    BL_TRY(const Belongs belongs, records_.belongs(repository, sha));
    return repository.service_of(belongs) != service;
  }

 private:
  PathChanges(RecordReader& records, std::int64_t since, store::Statement fact,
              store::Statement again)
      : records_(records), since_(since), fact_(std::move(fact)), again_(std::move(again)) {}

  // Another collector has said so before, and still does.
  Result<bool> is_told_again(const Repository& repository, const store::Statement& row) {
    for (const Source& source : repository.sources) {
      again_.bind(1, source.collector).bind(2, source.text).bind_blob(3, row.blob(2));
      again_.bind(4, row.integer(3)).bind(5, row.integer(0)).bind(6, since_);
      BL_TRY(const bool is_told, again_.step());
      again_.reset();
      if (is_told) {
        return true;
      }
    }
    return false;
  }

  RecordReader& records_;
  std::int64_t since_;
  store::Statement fact_;
  store::Statement again_;
};

Status read_paths(store::Connection& db, const State& since, const Census& census,
                  RecordReader& records, Changes& changes) {
  const std::string of_collectors = census.collectors.condition();
  BL_TRY(store::Statement select,
         db.prepare("SELECT id, repository, sha, path_prefix FROM record_commit_path_1"
                    " WHERE id > ?1" +
                    of_collectors +
                    " UNION ALL SELECT id, repository, sha, path_prefix FROM record_commit_path_1"
                    " WHERE id <= ?1 AND id IN (SELECT row FROM record_change WHERE contract ="
                    " 'commit_path/1')" +
                    of_collectors));
  BL_TRY(PathChanges paths, PathChanges::create(db, records, since.paths));
  select.bind(1, since.paths);
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return {};
    }
    const Positions owners = census.of_text.at(select.integer(1));
    for (std::size_t at = owners.begin; at < owners.end; ++at) {
      if (census.repositories[at].is_whole()) {
        continue;
      }
      RepositoryChanges& owner = changes.repositories[at];
      BL_TRY(const bool matters, owner.has_other_paths
                                     ? Result<bool>(true)
                                     : paths.matters(census.repositories[at], select));
      owner.has_other_paths = matters;
    }
  }
}

Status read_refs(store::Connection& db, const State& since, const Census& census,
                 Changes& changes) {
  const std::string of_collectors = census.collectors.condition();
  BL_TRY(store::Statement select,
         db.prepare("SELECT repository, (SELECT value FROM text WHERE id = kind), name"
                    " FROM record_ref_1 WHERE id > ?1" +
                    of_collectors +
                    " UNION ALL"
                    " SELECT repository, (SELECT value FROM text WHERE id = kind), name"
                    " FROM record_ref_1 WHERE id <= ?1 AND id IN"
                    " (SELECT row FROM record_change WHERE contract = 'ref/1')" +
                    of_collectors));
  select.bind(1, since.refs);
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return {};
    }
    const Origin origin = select.text(1) == "tag" ? Origin::tag : Origin::branch;
    for_owners(changes, census.of_text.at(select.integer(0)),
               [&](RepositoryChanges& each) { each.refs.emplace(origin, select.text(2)); });
  }
}

// Deployments that are new or changed, or whose states are.
Status read_deployments(store::Connection& db, const State& since, const Census& census,
                        Changes& changes) {
  const std::string of_collectors = census.collectors.condition();
  BL_TRY(store::Statement select,
         db.prepare("SELECT collector, origin, (SELECT value FROM text WHERE id = environment)"
                    " || ' #' || deployment FROM record_deployment_1 WHERE (id > ?1 OR id IN"
                    " (SELECT row FROM record_change WHERE contract = 'deployment/1'))" +
                    of_collectors +
                    " UNION"
                    " SELECT collector, origin, (SELECT value FROM text WHERE id = environment)"
                    " || ' #' || deployment FROM record_deployment_status_1 WHERE (id > ?2 OR id IN"
                    " (SELECT row FROM record_change WHERE contract = 'deployment_status/1'))" +
                    of_collectors));
  select.bind(1, since.deployments).bind(2, since.statuses);
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return {};
    }
    for_owners(
        changes, owners_of(census.of_forge, {Origin::api, select.integer(0), select.integer(1)}),
        [&select](RepositoryChanges& each) { each.refs.emplace(Origin::api, select.text(2)); });
  }
}

struct Table {
  const char* contract;
  const char* name;
  std::int64_t since;

  // These columns of the rows that are new or changed. Two searches by id, and nothing that invites
  // SQLite to go through the index of the key instead, which is as long as the table.
  Result<store::Statement> changed(store::Connection& db, const char* columns,
                                   const Census& census) const {
    BL_TRY(store::Statement select,
           db.prepare(fmt::format("SELECT {0} FROM {1} WHERE id > ?1{3}"
                                  " UNION ALL SELECT {0} FROM {1} WHERE id <= ?1 AND id IN"
                                  " (SELECT row FROM record_change WHERE contract = '{2}'){3}",
                                  columns, name, contract, census.collectors.condition())));
    select.bind(1, since);
    return select;
  }
};

// row: who tells of it, its name, what the rule goes by, and the name that it may have had.
void add_end(const Census& census, Origin origin, const store::Statement& row, Changes& changes) {
  const Positions owners = owners_of(census.of_forge, {origin, row.integer(0), row.integer(1)});
  for (std::size_t at = owners.begin; at < owners.end; ++at) {
    const ServiceRule* rule = census.repositories[at].rule;
    if (rule != nullptr && is_counted(*rule, origin, optional_text(row, 3))) {
      changes.repositories[at].refs.emplace(origin, row.text(2));
    }
    if (rule != nullptr && !row.is_null(4) && is_counted(*rule, origin, std::nullopt)) {
      changes.repositories[at].refs.emplace(origin, row.text(4));
    }
  }
}

// Jobs and runs that are new or changed; of a repository only those that its rule counts.
Status read_ci(store::Connection& db, const State& since, const Census& census, Changes& changes) {
  struct Ended {
    Origin origin;
    Table table;
    std::string_view name;
    const char* what;
  };
  for (const Ended& ended :
       {Ended{Origin::job, {"ci_job/1", "record_ci_job_1 r", since.jobs}, kJobName, "r.name"},
        Ended{Origin::run, {"ci_run/1", "record_ci_run_1 r", since.runs}, kRunName, "r.branch"}}) {
    const std::string what = fmt::format("(SELECT value FROM text WHERE id = {})", ended.what);
    const std::string without_branch =
        ended.origin == Origin::run
            ? fmt::format("'no branch' || substr({}, 1 + length({}))", ended.name, what)
            : "NULL";
    const std::string columns =
        fmt::format("collector, pipeline, {}, {}, {}", ended.name, what, without_branch);
    BL_TRY(store::Statement select, ended.table.changed(db, columns.c_str(), census));
    while (true) {
      BL_TRY(const bool row, select.step());
      if (!row) {
        break;
      }
      if (!select.is_null(2)) {
        add_end(census, ended.origin, select, changes);
      }
    }
  }
  return {};
}

// Merge requests and pull requests that are new or changed, or whose commits or events are.
Status read_numbers(store::Connection& db, const State& since, const Census& census,
                    Changes& changes) {
  for (const Table& table :
       {Table{"change/1", "record_change_1", since.changes},
        Table{"change_commit/1", "record_change_commit_1", since.change_commits},
        Table{"change_event/1", "record_change_event_1", since.change_events}}) {
    BL_TRY(store::Statement select, table.changed(db, "collector, repository, change", census));
    while (true) {
      BL_TRY(const bool row, select.step());
      if (!row) {
        break;
      }
      for_owners(changes, owners_of(census.of_tracker, {select.integer(0), select.integer(1)}),
                 [&select](RepositoryChanges& each) { each.numbers.emplace(select.text(2)); });
    }
  }
  return {};
}

// Incidents that are new or changed, or whose events or links are.
Status read_incidents(store::Connection& db, const State& since, const Census& census,
                      Changes& changes) {
  for (const Table& table :
       {Table{"incident/1", "record_incident_1", since.incidents},
        Table{"incident_event/1", "record_incident_event_1", since.incident_events},
        Table{"incident_link/1", "record_incident_link_1", since.incident_links}}) {
    BL_TRY(store::Statement select, table.changed(db, "incident", census));
    while (true) {
      BL_TRY(const bool row, select.step());
      if (!row) {
        break;
      }
      changes.incidents.emplace(select.text(0));
    }
  }
  return {};
}

}  // namespace

Result<Changes> read_changes(store::Connection& db, const State& since, const Census& census,
                             RecordReader& records) {
  Changes changes;
  BL_CHECK(read_commits(db, since, census, changes));
  BL_CHECK(read_paths(db, since, census, records, changes));
  BL_CHECK(read_refs(db, since, census, changes));
  BL_CHECK(read_deployments(db, since, census, changes));
  BL_CHECK(read_ci(db, since, census, changes));
  BL_CHECK(read_numbers(db, since, census, changes));
  BL_CHECK(read_incidents(db, since, census, changes));
  return changes;
}

Status clear_changes(store::Connection& db) { return db.execute("DELETE FROM record_change"); }

}  // namespace baselined::derive
