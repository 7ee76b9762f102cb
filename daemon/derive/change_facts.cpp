#include "daemon/derive/change_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "daemon/base/glob.h"
#include "daemon/base/json.h"

namespace baselined::derive {

namespace {

// Of one change: its commits, its events.
constexpr std::string_view kCommits =
    "FROM record_change_commit_1 x WHERE x.collector = c.collector AND x.repository = c.repository"
    " AND x.change = c.change AND x.removed_at IS NULL";
constexpr std::string_view kEvents =
    "FROM record_change_event_1 x WHERE x.collector = c.collector AND x.repository = c.repository"
    " AND x.change = c.change AND x.removed_at IS NULL";

std::string number_of(std::string_view text) {
  return fmt::format("(SELECT id FROM text WHERE value = '{}')", text);
}

// It replaces what another collector told of the same change.
std::string insert_sql() {
  return fmt::format(
      "INSERT OR REPLACE INTO fact_change(id, service, repository, number, state, is_bot,"
      " is_hotfix, reverts, opened_at, started_at, ready_at, reviewed_at, approved_at, merged_at,"
      " landed, shipped_is_guess, is_named)"
      " SELECT c.id, ?1, ?2, c.change, state.value, coalesce(c.is_bot, 0), 0, c.reverts,"
      " c.created_at,"
      " min(c.created_at, coalesce((SELECT min(x.authored_at) {commits} AND x.role = {source}),"
      " c.created_at)),"
      " (SELECT max(x.at) {events} AND x.kind = {ready}"
      " AND x.at <= coalesce(c.merged_at, x.at)),"
      " (SELECT min(x.at) {events} AND x.kind IN ({commented}, {approved}, {requested})"
      " AND NOT coalesce(x.is_author, 0) AND NOT coalesce(x.is_bot, 0)),"
      " (SELECT max(x.at) {events} AND x.kind = {approved}"
      " AND x.at <= coalesce(c.merged_at, x.at)),"
      " c.merged_at,"
      " (SELECT x.sha {commits} AND x.role IN ({merge}, {squash}, {rebase})"
      " ORDER BY x.role = {merge} DESC, x.role = {squash} DESC, x.sha LIMIT 1), 0, 0"
      " FROM record_change_1 c JOIN text state ON state.id = c.state"
      " WHERE c.collector = ?3 AND c.repository = ?4 AND c.removed_at IS NULL",
      fmt::arg("commits", kCommits), fmt::arg("events", kEvents),
      fmt::arg("source", number_of("source")), fmt::arg("ready", number_of("ready")),
      fmt::arg("commented", number_of("commented")), fmt::arg("approved", number_of("approved")),
      fmt::arg("requested", number_of("changes_requested")),
      fmt::arg("merge", number_of("landed_merge")), fmt::arg("squash", number_of("landed_squash")),
      fmt::arg("rebase", number_of("landed_rebase")));
}

bool has_label(const json::value& labels, const std::vector<std::string>& globs) {
  if (!labels.is_array()) {
    return false;
  }
  const json::array& all = labels.get_array();
  return std::any_of(all.begin(), all.end(), [&globs](const json::value& label) {
    return label.is_string() && any_glob_matches(globs, std::string_view(label.get_string()));
  });
}

}  // namespace

// A change whose commit is there.
struct ChangeFacts::Found {
  std::string number;
  Oid landed{};
  std::int64_t commit = 0;
};

struct ChangeFacts::Statements {
  store::Statement erase;
  store::Statement erase_one;
  store::Statement insert;
  store::Statement insert_one;
  store::Statement waiting;
  store::Statement waiting_one;
  store::Statement waiting_for;
  store::Statement found;
  store::Statement commits;
  store::Statement labels;
  store::Statement labels_of_one;
  store::Statement hotfix;
  store::Statement named;
  store::Statement shipped;
  store::Statement erase_unknown;
  store::Statement count_unknown;
};

ChangeFacts::ChangeFacts(store::Connection& db) : db_(db) {}

Result<ChangeFacts::Statements*> ChangeFacts::statements() {
  if (!statements_) {
    BL_TRY(store::Statement erase, db_.prepare("DELETE FROM fact_change WHERE repository = ?1"));
    BL_TRY(store::Statement erase_one,
           db_.prepare("DELETE FROM fact_change WHERE repository = ?1 AND number = ?2"));
    BL_TRY(store::Statement insert, db_.prepare(insert_sql() + " ORDER BY c.id"));
    BL_TRY(store::Statement insert_one, db_.prepare(insert_sql() + " AND c.change = ?5"));
    const std::string waiting_sql =
        "SELECT landed, number FROM fact_change WHERE repository = ?1 AND commit_id IS NULL"
        " AND landed IS NOT NULL";
    BL_TRY(store::Statement waiting, db_.prepare(waiting_sql));
    BL_TRY(store::Statement waiting_one, db_.prepare(waiting_sql + " AND number = ?2"));
    BL_TRY(store::Statement waiting_for, db_.prepare(waiting_sql + " AND landed = ?2"));
    BL_TRY(store::Statement found,
           db_.prepare("UPDATE fact_change SET commit_id = ?3,"
                       " service = CASE WHEN is_named THEN service ELSE ?4 END,"
                       " (deployment, shipped_at, shipped_is_guess) = (SELECT deployment,"
                       " shipped_at, shipped_is_guess FROM fact_commit WHERE repository = ?1"
                       " AND commit_id = ?3) WHERE repository = ?1 AND number = ?2"));
    BL_TRY(
        store::Statement commits,
        db_.prepare(fmt::format("SELECT c.sha FROM record_change_commit_1 c WHERE c.collector = ?1"
                                " AND c.repository = ?2 AND c.change = ?3 AND c.removed_at IS NULL"
                                " AND EXISTS (SELECT 1 {} AND x.role = {} AND x.sha = ?4)",
                                kCommits, number_of("landed_rebase"))));
    const std::string labels_sql =
        "SELECT f.number, c.labels FROM fact_change f CROSS JOIN record_change_1 c"
        " ON c.id = f.id WHERE f.repository = ?1 AND c.labels <> '[]'";
    BL_TRY(store::Statement labels, db_.prepare(labels_sql));
    BL_TRY(store::Statement labels_of_one, db_.prepare(labels_sql + " AND f.number = ?2"));
    BL_TRY(store::Statement hotfix,
           db_.prepare("UPDATE fact_change SET is_hotfix = 1 WHERE repository = ?1"
                       " AND number = ?2"));
    BL_TRY(store::Statement named,
           db_.prepare("UPDATE fact_change SET is_named = 1, service = ?3 WHERE repository = ?1"
                       " AND number = ?2"));
    BL_TRY(store::Statement shipped,
           db_.prepare("SELECT shipped_at FROM fact_change WHERE repository = ?1"
                       " AND number = ?2 AND shipped_at IS NOT NULL"));
    BL_TRY(store::Statement erase_unknown,
           db_.prepare("DELETE FROM fact_exclusion WHERE repository = ?1"
                       " AND fact = 'change_path'"));
    BL_TRY(store::Statement count_unknown,
           db_.prepare(
               "INSERT INTO fact_exclusion(service, fact, at, reason, n, repository, origin, name)"
               " SELECT ?1, 'change_path', NULL,"
               " 'paths of commits are not collected, or less deep than those of the service', "
               "count(*), ?2, '',"
               " '' FROM fact_change WHERE service = -2 * ?2 - 1 GROUP BY service"));
    statements_ = std::make_shared<Statements>(Statements{
        std::move(erase), std::move(erase_one), std::move(insert), std::move(insert_one),
        std::move(waiting), std::move(waiting_one), std::move(waiting_for), std::move(found),
        std::move(commits), std::move(labels), std::move(labels_of_one), std::move(hotfix),
        std::move(named), std::move(shipped), std::move(erase_unknown), std::move(count_unknown)});
  }
  return statements_.get();
}

Status ChangeFacts::derive(const Repository& repository, RecordReader& records) {
  BL_TRY(Statements * use, statements());
  BL_CHECK(use->erase.bind(1, repository.id).run());
  for (const Source& source : repository.trackers) {
    BL_CHECK(use->insert.bind(1, repository.service_of(repository.paths.of_unknown()))
                 .bind(2, repository.id)
                 .bind(3, source.collector)
                 .bind(4, source.text)
                 .run());
  }
  BL_CHECK(read_labels(repository, std::nullopt));
  std::vector<Found> found;
  BL_CHECK(find_commits(use->waiting.bind(1, repository.id), repository, records, found));
  Stale unused;  // everything is that is derived so
  return settle(repository, records, found, unused);
}

Status ChangeFacts::add_stale(const Repository& repository, const std::string& number,
                              Stale& stale) {
  BL_TRY(Statements * use, statements());
  store::Statement& select = use->shipped;
  BL_TRY(const bool row, select.bind(1, repository.id).bind(2, std::string_view(number)).step());
  stale.add(repository.service, row ? select.integer(0) : Stale::kNothing);
  select.reset();
  return {};
}

// Labels are a JSON array of texts in the store.
Status ChangeFacts::read_labels(const Repository& repository,
                                const std::optional<std::string>& number) {
  static const std::vector<std::string> kNone;
  const std::vector<std::string>& hotfixes =
      repository.rule == nullptr ? kNone : repository.rule->hotfix_labels;
  if (hotfixes.empty() && repository.labels.empty() && repository.other_labels.empty()) {
    return {};
  }
  BL_TRY(Statements * use, statements());
  store::Statement& select = number ? use->labels_of_one : use->labels;
  select.bind(1, repository.id);
  if (number) {
    select.bind(2, std::string_view(*number));
  }
  std::vector<std::pair<std::string, json::value>> labelled;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      break;
    }
    BL_TRY(json::value labels, parse_json(select.text(1)));
    labelled.emplace_back(select.text(0), std::move(labels));
  }
  for (const auto& [change, labels] : labelled) {
    if (has_label(labels, hotfixes)) {
      BL_CHECK(use->hotfix.bind(1, repository.id).bind(2, std::string_view(change)).run());
    }
    const bool is_ours = has_label(labels, repository.labels);
    if (is_ours || has_label(labels, repository.other_labels)) {
      BL_CHECK(use->named.bind(1, repository.id)
                   .bind(2, std::string_view(change))
                   .bind(3, repository.service_of(is_ours ? Belongs::yes : Belongs::no))
                   .run());
    }
  }
  return {};
}

// To the service: where the commit that it became touches its paths. That is all of the change,
// where it was merged or squashed. Where it was rebased that is the last of its commits, and the
// others came before.
Result<Belongs> ChangeFacts::belongs(const Repository& repository, RecordReader& records,
                                     const Found& change) {
  BL_TRY(Belongs belongs, records.belongs(repository, change.landed));
  if (repository.is_whole()) {
    return belongs;
  }
  BL_TRY(Statements * use, statements());
  store::Statement& select = use->commits;
  for (const Source& source : repository.trackers) {
    select.bind(1, source.collector).bind(2, source.text);
    select.bind(3, std::string_view(change.number)).bind_blob(4, bytes_of(change.landed));
    while (true) {
      BL_TRY(const bool row, select.step());
      if (!row) {
        break;
      }
      const Oid sha = oid_of(select.blob(0));
      BL_TRY(const std::int64_t commit, records.find_commit(repository, sha));
      BL_TRY(const bool is_merge, records.is_merge(commit));
      if (commit != 0 && commit < change.commit && !is_merge) {
        BL_TRY(const Belongs one, records.belongs(repository, sha));
        belongs = either(belongs, one);
      }
    }
  }
  return belongs;
}

Status ChangeFacts::follow(const Repository& repository, RecordReader& records,
                           const RepositoryChanges& changes, Stale& stale) {
  BL_TRY(Statements * use, statements());
  std::vector<Found> found;
  for (const std::string& number : changes.numbers) {
    BL_CHECK(add_stale(repository, number, stale));
    BL_CHECK(use->erase_one.bind(1, repository.id).bind(2, std::string_view(number)).run());
    for (const Source& source : repository.trackers) {
      BL_CHECK(use->insert_one.bind(1, repository.service_of(repository.paths.of_unknown()))
                   .bind(2, repository.id)
                   .bind(3, source.collector)
                   .bind(4, source.text)
                   .bind(5, std::string_view(number))
                   .run());
    }
    BL_CHECK(read_labels(repository, number));
    use->waiting_one.bind(1, repository.id).bind(2, std::string_view(number));
    BL_CHECK(find_commits(use->waiting_one, repository, records, found));
  }
  for (const CommitRow& row : changes.added.rows()) {
    use->waiting_for.bind(1, repository.id).bind_blob(2, bytes_of(row.sha));
    BL_CHECK(find_commits(use->waiting_for, repository, records, found));
  }
  return settle(repository, records, found, stale);
}

Status ChangeFacts::find_commits(store::Statement& select, const Repository& repository,
                                 RecordReader& records, std::vector<Found>& found) {
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return {};
    }
    const Oid sha = oid_of(select.blob(0));
    BL_TRY(const std::int64_t commit, records.find_commit(repository, sha));
    if (commit != 0) {
      found.push_back({std::string(select.text(1)), sha, commit});
    }
  }
}

Status ChangeFacts::settle(const Repository& repository, RecordReader& records,
                           const std::vector<Found>& found, Stale& stale) {
  BL_TRY(Statements * use, statements());
  for (const Found& each : found) {
    BL_TRY(const Belongs belongs, this->belongs(repository, records, each));
    BL_CHECK(use->found.bind(1, repository.id)
                 .bind(2, std::string_view(each.number))
                 .bind(3, each.commit)
                 .bind(4, repository.service_of(belongs))
                 .run());
    BL_CHECK(add_stale(repository, each.number, stale));
  }
  return repository.is_whole() ? Status() : count_unknown(repository);
}

Status ChangeFacts::count_unknown(const Repository& repository) {
  BL_TRY(Statements * use, statements());
  BL_CHECK(use->erase_unknown.bind(1, repository.id).run());
  return use->count_unknown.bind(1, repository.service).bind(2, repository.id).run();
}

}  // namespace baselined::derive
