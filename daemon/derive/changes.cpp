#include "daemon/derive/changes.h"

namespace baselined::derive {

namespace {

constexpr int kRemovedColumn = 6;  // after those of CommitBatch

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
    changes[census.of_text.at(added.integer(1))].added.add(added);
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
    RepositoryChanges& repository = changes[census.of_text.at(changed.integer(1))];
    if (changed.is_null(kRemovedColumn)) {
      repository.changed.add(changed);
    } else {
      repository.removed.push_back(changed.integer(0));
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
    changes[census.of_text.at(select.integer(0))].refs.emplace(origin, select.text(2));
  }
}

}  // namespace

Result<Changes> read_changes(store::Connection& db, const State& since, const Census& census) {
  Changes changes;
  BL_CHECK(read_commits(db, since, census, changes));
  BL_CHECK(read_refs(db, since, census, changes));
  return changes;
}

Status clear_changes(store::Connection& db) { return db.execute("DELETE FROM record_change"); }

}  // namespace baselined::derive
