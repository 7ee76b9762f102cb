#include "daemon/derive/derive.h"

#include <algorithm>

#include "daemon/derive/change_facts.h"
#include "daemon/derive/changes.h"
#include "daemon/derive/extend.h"
#include "daemon/derive/failures.h"
#include "daemon/derive/incident_facts.h"
#include "daemon/derive/limits.h"
#include "daemon/derive/schema.h"
#include "daemon/derive/services.h"
#include "daemon/derive/stale.h"
#include "daemon/derive/whole.h"

namespace baselined::derive {

namespace {

// One update inside its transaction.
class Update {
 public:
  Update(store::Connection& db, Facts facts, ChangeFacts change_facts, IncidentFacts incident_facts,
         RecordReader records, const Limits& limits)
      : db_(db),
        facts_(std::move(facts)),
        change_facts_(std::move(change_facts)),
        incident_facts_(std::move(incident_facts)),
        records_(std::move(records)),
        limits_(limits) {}

  Result<Touched> rebuild(const Mapping& mapping, std::int64_t commits);
  // Nothing: the change cannot be followed, rebuild.
  Result<std::optional<Touched>> extend(const Mapping& mapping, const State& since);

 private:
  Status derive_all(const Census& census, std::int64_t commits);
  Status derive_failures(const Census& census, const Mapping& mapping, const Stale& stale,
                         std::set<std::int64_t>& services);
  // These answer false where deriving everything costs less.
  Result<bool> derive_again(const Repository& repository, std::int64_t commits);
  Result<bool> follow(const Repository& repository, const RepositoryChanges& changes,
                      std::int64_t commits, Stale& stale);

  store::Connection& db_;
  Facts facts_;
  ChangeFacts change_facts_;
  IncidentFacts incident_facts_;
  RecordReader records_;
  const Limits& limits_;
};

Status Update::derive_all(const Census& census, std::int64_t commits) {
  std::vector<CommitBatch> batches(census.repositories.size());
  const bool in_one_scan = commits <= limits_.scan_commits;
  if (in_one_scan) {
    BL_TRY(store::Statement select, db_.prepare(std::string("SELECT ") + CommitBatch::kColumns +
                                                " FROM record_commit_1 WHERE removed_at IS NULL" +
                                                census.collectors.condition() + " ORDER BY id"));
    while (true) {
      BL_TRY(const bool row, select.step());
      if (!row) {
        break;
      }
      batches[census.of_text.at(select.integer(1)).begin].add(select);
    }
  }
  for (std::size_t at = 0; at < batches.size(); ++at) {
    // Those that own parts of one repository follow each other.
    const bool is_shared = at + 1 < batches.size() &&
                           census.repositories[at + 1].identity == census.repositories[at].identity;
    if (in_one_scan && is_shared) {
      batches[at + 1] = batches[at];
    }
    CommitBatch batch = std::move(batches[at]);
    const auto add = [&batch](const store::Statement& row) { batch.add(row); };
    if (!in_one_scan) {
      BL_CHECK(records_.for_each_commit(census.repositories[at], add));
    }
    BL_CHECK(derive_whole(facts_, records_, census.repositories[at], std::move(batch)));
  }
  return {};
}

Status Update::derive_failures(const Census& census, const Mapping& mapping, const Stale& stale,
                               std::set<std::int64_t>& services) {
  if (stale.services().empty()) {
    return {};
  }
  BL_TRY(Failures failures, Failures::create(db_, census, mapping, records_));
  return failures.derive(stale, services);
}

Result<Touched> Update::rebuild(const Mapping& mapping, std::int64_t commits) {
  BL_CHECK(recreate_tables(db_));
  BL_TRY(Census census, read_census(db_, mapping));
  BL_CHECK(reconcile(db_, census));
  BL_CHECK(derive_all(census, commits));
  BL_CHECK(create_indexes(db_));
  for (const Repository& repository : census.repositories) {
    BL_CHECK(facts_.refresh_commit_exclusion(repository));
    BL_CHECK(change_facts_.derive(repository, records_));
  }
  Stale stale;
  for (const Repository& repository : census.repositories) {
    stale.add(repository.service, Stale::kEverything);
  }
  BL_CHECK(incident_facts_.derive(census.collectors, stale));
  std::set<std::int64_t> services;
  BL_CHECK(derive_failures(census, mapping, stale, services));
  Touched touched;
  touched.everything = true;
  return touched;
}

// Where a repository is most of the store, to replace its rows one by one, indexes and all, takes
// longer than to fill empty tables.
Result<bool> Update::derive_again(const Repository& repository, std::int64_t commits) {
  BL_TRY(const std::int64_t n_commits, facts_.count_commits(repository));
  if (n_commits > limits_.rebuild_commits && n_commits > commits / 2) {
    return false;
  }
  BL_CHECK(facts_.erase(repository));
  CommitBatch batch;
  BL_CHECK(
      records_.for_each_commit(repository, [&](const store::Statement& row) { batch.add(row); }));
  BL_CHECK(derive_whole(facts_, records_, repository, std::move(batch)));
  BL_CHECK(facts_.refresh_commit_exclusion(repository));
  BL_CHECK(change_facts_.derive(repository, records_));
  return true;
}

Result<bool> Update::follow(const Repository& repository, const RepositoryChanges& changes,
                            std::int64_t commits, Stale& stale) {
  BL_TRY(const Extension extension,
         derive::extend(db_, facts_, records_, repository, changes, limits_));
  if (extension.must_start_over) {
    stale.add(repository.service, Stale::kEverything);
    return derive_again(repository, commits);
  }
  if (extension.has_changed) {
    stale.add(repository.service, extension.redeployed_from);
  }
  for (const auto& [origin, name] : changes.refs) {
    BL_TRY(const bool is_linked,
           origin == Origin::tag ? incident_facts_.link_tag(name) : Result<bool>(false));
    if (is_linked) {
      stale.add(repository.service, Stale::kNothing);
    }
  }
  BL_CHECK(change_facts_.follow(repository, records_, changes, stale));
  return true;
}

Result<std::optional<Touched>> Update::extend(const Mapping& mapping, const State& since) {
  BL_TRY(Census census, read_census(db_, mapping));
  BL_TRY(Reconciled reconciled, reconcile(db_, census));
  if (reconciled.must_rebuild) {
    return std::optional<Touched>();
  }
  BL_TRY(const Changes changes, read_changes(db_, since, census, records_));
  Stale stale;  // whose deployments, changes or incidents changed
  for (std::size_t at = 0; at < census.repositories.size(); ++at) {
    const Repository& repository = census.repositories[at];
    const auto found = changes.repositories.find(at);
    bool is_done = true;
    const bool has_other_paths =
        found != changes.repositories.end() && found->second.has_other_paths;
    if (reconciled.repositories.count(repository.id) != 0 ||
        (has_other_paths && !repository.is_whole())) {
      stale.add(repository.service, Stale::kEverything);
      BL_TRY(is_done, derive_again(repository, since.commits));
    } else if (found != changes.repositories.end()) {
      BL_TRY(is_done, follow(repository, found->second, since.commits, stale));
    }
    if (!is_done) {
      return std::optional<Touched>();
    }
  }
  if (reconciled.repositories.empty()) {
    BL_CHECK(incident_facts_.follow(census.collectors, changes.incidents, stale));
  } else {  // one may have come that incidents waited for
    BL_CHECK(incident_facts_.derive(census.collectors, stale));
  }
  BL_CHECK(derive_failures(census, mapping, stale, reconciled.services));
  Touched touched;
  BL_TRY(touched.services, service_names(db_, reconciled.services));
  return std::optional<Touched>(std::move(touched));
}

bool must_rebuild(const std::optional<State>& stored, const State& present, const Limits& limits) {
  return !stored || stored->version != present.version || stored->mapping != present.mapping ||
         !present.follows(*stored) ||
         present.commits - stored->commits > std::max(stored->commits, limits.rebuild_commits);
}

Result<bool> is_up_to_date(store::Connection& db, const std::optional<State>& stored,
                           const State& present) {
  if (!stored || *stored != present) {
    return false;
  }
  BL_TRY(const bool changed, has_changes(db));
  return !changed;
}

}  // namespace

Result<Touched> update_within(store::Connection& db, const Mapping& mapping, const Limits& limits) {
  BL_TRY(const std::optional<State> stored, stored_state(db));
  BL_TRY(const State present, present_state(db, mapping));
  BL_TRY(const bool is_done, is_up_to_date(db, stored, present));
  if (is_done) {
    return Touched{};
  }
  BL_TRY(store::Transaction transaction, store::Transaction::begin(db));
  std::optional<Touched> touched;
  {
    BL_TRY(Facts facts, Facts::create(db));
    BL_TRY(RecordReader records, RecordReader::create(db));
    Update update(db, std::move(facts), ChangeFacts(db), IncidentFacts(db, mapping),
                  std::move(records), limits);
    if (!must_rebuild(stored, present, limits)) {
      BL_TRY(touched, update.extend(mapping, *stored));
    }
    if (!touched) {
      BL_TRY(touched, update.rebuild(mapping, present.commits));
    }
  }
  BL_CHECK(clear_changes(db));
  BL_CHECK(store_state(db, present));
  BL_CHECK(transaction.commit());
  return *std::move(touched);
}

Result<Touched> update(store::Connection& db, const Mapping& mapping) {
  return update_within(db, mapping, Limits{});
}

Result<bool> is_current(store::Connection& reader, const Mapping& mapping) {
  const auto compare = [&]() -> Result<bool> {
    BL_TRY(const std::optional<State> stored, stored_state(reader));
    BL_TRY(const State present, present_state(reader, mapping));
    return is_up_to_date(reader, stored, present);
  };
  if (reader.in_transaction()) {
    return compare();
  }
  BL_TRY(const store::Transaction snapshot, store::Transaction::begin_read(reader));
  return compare();
}

}  // namespace baselined::derive
