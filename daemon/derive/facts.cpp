#include "daemon/derive/facts.h"

#include "daemon/derive/bind.h"
#include "daemon/derive/statements.h"
#include "daemon/derive/stored_commits.h"

namespace baselined::derive {

namespace {

std::optional<std::int64_t> known(std::int64_t time) {
  return time == kNoTime ? std::nullopt : std::optional(time);
}

Candidate candidate_of(const store::Statement& row) {
  const Origin origin = origin_of(row.text(2));
  const auto generation = static_cast<std::uint32_t>(row.integer(1));
  return {row.integer(0),           generation,     origin,
          std::string(row.text(3)), row.integer(4), row.integer(5) != 0};
}

Result<std::vector<Candidate>> read_candidates(store::Statement& select) {
  std::vector<Candidate> candidates;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return candidates;
    }
    candidates.push_back(candidate_of(select));
  }
}

}  // namespace

Facts::Facts(std::shared_ptr<Statements> statements) : statements_(std::move(statements)) {}

Result<Facts> Facts::create(store::Connection& db) {
  return Facts(std::make_shared<Statements>(db));
}

Status Facts::erase(const Repository& repository) {
  for (const std::string_view sql : {"DELETE FROM fact_commit WHERE repository = ?1",
                                     "DELETE FROM fact_candidate WHERE repository = ?1",
                                     "DELETE FROM fact_attempt WHERE repository = ?1",
                                     "DELETE FROM fact_deployment WHERE repository = ?1",
                                     "DELETE FROM fact_exclusion WHERE repository = ?1",
                                     "DELETE FROM fact_branch_tip WHERE repository = ?1",
                                     "DELETE FROM fact_missing WHERE repository = ?1"}) {
    BL_TRY(store::Statement * erase, statements_->get(sql));
    BL_CHECK(erase->bind(1, repository.id).run());
  }
  return {};
}

Status Facts::add_commit(const Repository& repository, CommitGraph& graph, CommitGraph::Index index,
                         const Deployment* deployment, std::int64_t deployment_id) {
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT INTO fact_commit(commit_id, service, repository, committed_at,"
                          " is_bot, deployment, shipped_at, lead_us, clamped, generation, parents,"
                          " shipped_is_guess)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"));
  std::vector<std::int64_t> ids;
  BL_TRY(const auto parents, graph.parents(index));
  for (const CommitGraph::Index parent : parents) {
    ids.push_back(parent == CommitGraph::kNone ? 0 : graph.at(parent).id);
  }
  const CommitGraph::Commit& commit = graph.at(index);
  const std::string packed = pack_ids(ids);
  insert->bind(1, commit.id).bind(2, repository.service_of(commit.belongs)).bind(3, repository.id);
  bind_optional(*insert, 4, known(commit.committed_at)).bind(5, std::int64_t{commit.is_bot});
  const Lead lead = deployment == nullptr ? Lead{} : lead_of(commit, *deployment);
  if (deployment == nullptr) {
    insert->bind_null(6).bind_null(7);
  } else {
    insert->bind(6, deployment_id).bind(7, deployment->candidate.finished_at);
  }
  bind_optional(*insert, 8, lead.us).bind(9, std::int64_t{lead.is_clamped});
  const bool is_guess = deployment != nullptr && deployment->candidate.is_at_least();
  insert->bind(10, std::int64_t{commit.generation}).bind_blob(11, packed);
  return insert->bind(12, std::int64_t{is_guess}).run();
}

Result<std::int64_t> Facts::count_commits(const Repository& repository) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT count(*) FROM fact_commit WHERE +repository = ?2 AND service IN"
                          " (?1, -2 * ?2, -2 * ?2 - 1)"));
  BL_TRY(const bool row, select->bind(1, repository.service).bind(2, repository.id).step());
  const std::int64_t commits = row ? select->integer(0) : 0;
  select->reset();
  return commits;
}

Result<bool> Facts::has_commit(const Repository& repository, std::int64_t commit_id) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT 1 FROM fact_commit WHERE repository = ?1 AND commit_id = ?2"));
  BL_TRY(const bool row, select->bind(1, repository.id).bind(2, commit_id).step());
  select->reset();
  return row;
}

Status Facts::set_bot(const Repository& repository, std::int64_t commit_id, bool is_bot) {
  BL_TRY(store::Statement * update,
         statements_->get("UPDATE fact_commit SET is_bot = ?3 WHERE repository = ?1"
                          " AND commit_id = ?2"));
  return update->bind(1, repository.id).bind(2, commit_id).bind(3, std::int64_t{is_bot}).run();
}

Status Facts::ship(const Repository& repository, const CommitGraph::Commit& commit,
                   const Deployment& deployment, std::int64_t deployment_id) {
  BL_TRY(store::Statement * update,
         statements_->get("UPDATE fact_commit SET deployment = ?2, shipped_at = ?3,"
                          " shipped_is_guess = ?4, lead_us = ?5, clamped = ?6"
                          " WHERE repository = ?7 AND commit_id = ?1"));
  BL_TRY(store::Statement * update_change,
         statements_->get("UPDATE fact_change SET deployment = ?2, shipped_at = ?3,"
                          " shipped_is_guess = ?4 WHERE repository = ?7 AND commit_id = ?1"));
  for (store::Statement* each : {update, update_change}) {
    each->bind(1, commit.id).bind(2, deployment_id).bind(3, deployment.candidate.finished_at);
    each->bind(4, std::int64_t{deployment.candidate.is_at_least()}).bind(7, repository.id);
  }
  const Lead lead = lead_of(commit, deployment);
  bind_optional(*update, 5, lead.us).bind(6, std::int64_t{lead.is_clamped});
  BL_CHECK(update->run());
  return update_change->run();
}

// With a plus: the primary key begins with the repository too, and most of its rows were shipped
// before.
Status Facts::take_back(const Repository& repository, std::int64_t from) {
  for (const std::string_view sql :
       {"UPDATE fact_commit SET deployment = NULL, shipped_at = NULL, lead_us = NULL, clamped = 0,"
        " shipped_is_guess = 0 WHERE +repository = ?2 AND shipped_at >= ?3 AND service IN"
        " (?1, -2 * ?2, -2 * ?2 - 1)",
        "UPDATE fact_change SET deployment = NULL, shipped_at = NULL, shipped_is_guess = 0"
        " WHERE +repository = ?2 AND shipped_at >= ?3 AND service IN (?1, -2 * ?2, -2 * ?2 - 1)"}) {
    BL_TRY(store::Statement * unship, statements_->get(sql));
    BL_CHECK(unship->bind(1, repository.service).bind(2, repository.id).bind(3, from).run());
  }
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_deployment WHERE repository = ?1"
                          " AND finished_at >= ?2"));
  BL_CHECK(erase->bind(1, repository.id).bind(2, from).run());
  BL_TRY(store::Statement * leads,
         statements_->get("DELETE FROM fact_exclusion WHERE repository = ?1"
                          " AND fact = 'lead_time' AND at >= ?2"));
  return leads->bind(1, repository.id).bind(2, from).run();
}

Status Facts::exclude_unknown_leads(const Repository& repository, const Deployment& deployment) {
  if (deployment.is_seed || deployment.without_time == 0) {
    return {};
  }
  Exclusion exclusion;
  exclusion.fact = kLeadTimeFact;
  exclusion.at = deployment.candidate.finished_at;
  exclusion.reason = "no time is known for the commit";
  exclusion.n = deployment.without_time;
  return add_exclusions(repository, std::span(&exclusion, 1));
}

Status Facts::add_deployments(const Repository& repository, std::span<const Deployment> deployments,
                              std::int64_t first_id, const Last& last) {
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT INTO fact_deployment(id, service, repository, environment, sha,"
                          " commit_id, origin, name, finished_at, is_seed, is_rollback, previous,"
                          " shipped, gap_us, is_guess, walked) VALUES (?1, ?2, ?3, 'production',"
                          " (SELECT sha FROM record_commit_1 WHERE id = ?4), ?4, ?5, ?6, ?7, ?8,"
                          " ?9, ?10, ?11, ?12, ?13, ?14)"));
  std::int64_t id = first_id;
  std::int64_t previous = last.id;
  std::int64_t previous_at = last.finished_at;
  for (const Deployment& deployment : deployments) {
    const Candidate& candidate = deployment.candidate;
    insert->bind(1, id)
        .bind(2, repository.service)
        .bind(3, repository.id)
        .bind(4, candidate.commit_id)
        .bind(5, to_string(candidate.origin))
        .bind(6, std::string_view(candidate.name))
        .bind(7, candidate.finished_at)
        .bind(8, std::int64_t{deployment.is_seed})
        .bind(9, std::int64_t{deployment.is_rollback})
        .bind(11, std::int64_t{deployment.shipped})
        .bind(13, std::int64_t{candidate.is_guess})
        .bind(14, std::int64_t{deployment.walked});
    if (previous == 0) {
      insert->bind_null(10).bind_null(12);
    } else {
      insert->bind(10, previous).bind(12, difference(candidate.finished_at, previous_at));
    }
    BL_CHECK(insert->run());
    BL_CHECK(exclude_unknown_leads(repository, deployment));
    previous = id++;
    previous_at = candidate.finished_at;
  }
  return {};
}

Result<std::int64_t> Facts::next_deployment_id() {
  return statements_->db().integer("SELECT coalesce(max(id), 0) + 1 FROM fact_deployment");
}

Result<Facts::Last> Facts::last_before(const Repository& repository, std::int64_t time) {
  Last last;
  BL_TRY(store::Statement * select,
         statements_->get(
             "SELECT id, commit_id, finished_at FROM fact_deployment WHERE repository = ?1"
             " AND finished_at < ?2 ORDER BY finished_at DESC, id DESC LIMIT 1"));
  BL_TRY(const bool row, select->bind(1, repository.id).bind(2, time).step());
  if (row) {
    last.id = select->integer(0);
    last.commit_id = select->integer(1);
    last.finished_at = select->integer(2);
    select->reset();
  }
  BL_TRY(store::Statement * sum,
         statements_->get("SELECT coalesce(sum(walked), 0) FROM fact_deployment"
                          " WHERE repository = ?1 AND finished_at >= ?2"));
  BL_TRY(const bool summed, sum->bind(1, repository.id).bind(2, time).step());
  last.walked_after = summed ? sum->integer(0) : 0;
  sum->reset();
  return last;
}

Status Facts::add_candidates(const Repository& repository, std::span<const Candidate> candidates) {
  BL_TRY(store::Statement * insert,
         statements_->get(
             "INSERT INTO fact_candidate(repository, finished_at, generation, origin,"
             " name, commit_id, is_guess, rank) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
  for (const Candidate& candidate : candidates) {
    BL_CHECK(insert->bind(1, repository.id)
                 .bind(2, candidate.finished_at)
                 .bind(3, std::int64_t{candidate.generation})
                 .bind(4, to_string(candidate.origin))
                 .bind(5, std::string_view(candidate.name))
                 .bind(6, candidate.commit_id)
                 .bind(7, std::int64_t{candidate.is_guess})
                 .bind(8, std::int64_t{candidate.rank()})
                 .run());
  }
  return {};
}

Status Facts::erase_candidate(const Repository& repository, const Candidate& candidate) {
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_candidate WHERE repository = ?1 AND finished_at = ?2"
                          " AND origin = ?3 AND name = ?4 AND commit_id = ?5"));
  return erase->bind(1, repository.id)
      .bind(2, candidate.finished_at)
      .bind(3, to_string(candidate.origin))
      .bind(4, std::string_view(candidate.name))
      .bind(5, candidate.commit_id)
      .run();
}

Result<std::vector<Candidate>> Facts::candidates_named(const Repository& repository, Origin origin,
                                                       const std::string& name) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT finished_at, generation, origin, name, commit_id, is_guess"
                          " FROM fact_candidate WHERE repository = ?1 AND name = ?2"
                          " AND origin <> 'branch' AND origin = ?3"));
  select->bind(1, repository.id).bind(2, std::string_view(name)).bind(3, to_string(origin));
  return read_candidates(*select);
}

Result<std::optional<std::int64_t>> Facts::first_outranked(const Repository& repository,
                                                           const Candidate& by) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT min(finished_at) FROM fact_candidate WHERE repository = ?1"
                          " AND commit_id = ?2 AND rank > ?3"));
  select->bind(1, repository.id).bind(2, by.commit_id).bind(3, std::int64_t{by.rank()});
  BL_TRY(const bool row, select->step());
  const auto time = row ? optional_integer(*select, 0) : std::nullopt;
  select->reset();
  return time;
}

Result<std::vector<Candidate>> Facts::candidates_from(const Repository& repository,
                                                      std::int64_t from) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT finished_at, generation, origin, name, commit_id, is_guess"
                          " FROM fact_candidate c WHERE repository = ?1 AND finished_at >= ?2"
                          " AND NOT EXISTS (SELECT 1 FROM fact_candidate k WHERE k.repository = ?1"
                          " AND k.commit_id = c.commit_id AND k.rank < c.rank)"));
  select->bind(1, repository.id).bind(2, from);
  return read_candidates(*select);
}

Status Facts::add_attempts(const Repository& repository, std::span<const Attempt> attempts) {
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT INTO fact_attempt(repository, name, service, at, outcome)"
                          " VALUES (?1, ?2, ?3, ?4, ?5)"));
  for (const Attempt& attempt : attempts) {
    BL_CHECK(insert->bind(1, repository.id)
                 .bind(2, std::string_view(attempt.name))
                 .bind(3, repository.service)
                 .bind(4, attempt.at)
                 .bind(5, std::string_view(attempt.outcome))
                 .run());
  }
  return {};
}

Status Facts::erase_attempt(const Repository& repository, const std::string& name) {
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_attempt WHERE repository = ?1 AND name = ?2"));
  return erase->bind(1, repository.id).bind(2, std::string_view(name)).run();
}

Status Facts::add_exclusions(const Repository& repository, std::span<const Exclusion> exclusions) {
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT INTO fact_exclusion(service, fact, at, reason, n, repository,"
                          " origin, name, commit_id)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  for (const Exclusion& exclusion : exclusions) {
    insert->bind(1, repository.service).bind(2, exclusion.fact);
    bind_optional(*insert, 3, exclusion.at)
        .bind(4, std::string_view(exclusion.reason))
        .bind(5, exclusion.n)
        .bind(6, repository.id)
        .bind(7, exclusion.origin)
        .bind(8, std::string_view(exclusion.name));
    BL_CHECK(bind_optional(*insert, 9, exclusion.commit_id).run());
  }
  return {};
}

Status Facts::erase_exclusions(const Repository& repository, Origin origin, const std::string& name,
                               std::optional<std::int64_t> commit_id) {
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_exclusion WHERE repository = ?1"
                          " AND fact = 'deployment' AND origin = ?2 AND name = ?3"
                          " AND commit_id IS ?4"));
  erase->bind(1, repository.id).bind(2, to_string(origin)).bind(3, std::string_view(name));
  return bind_optional(*erase, 4, commit_id).run();
}

Status Facts::erase_deployment_exclusions(const Repository& repository) {
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_exclusion WHERE repository = ?1"
                          " AND fact = 'deployment'"));
  return erase->bind(1, repository.id).run();
}

Status Facts::refresh_commit_exclusion(const Repository& repository) {
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_exclusion WHERE repository = ?1"
                          " AND fact IN ('commit', 'commit_path')"));
  BL_CHECK(erase->bind(1, repository.id).run());
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT INTO fact_exclusion(service, fact, at, reason, n, repository,"
                          " origin, name) SELECT service, 'commit', NULL,"
                          " 'no time is known for the commit', count(*), ?2, '', ''"
                          " FROM fact_commit WHERE service = ?1 AND committed_at IS NULL"
                          " AND +repository = ?2 GROUP BY service"));
  BL_CHECK(insert->bind(1, repository.service).bind(2, repository.id).run());
  if (repository.is_whole()) {
    return {};
  }
  BL_TRY(store::Statement * unknown,
         statements_->get(
             "INSERT INTO fact_exclusion(service, fact, at, reason, n, repository,"
             " origin, name) SELECT ?1, 'commit_path', NULL,"
             " 'paths of commits are not collected, or less deep than those of the service',"
             " count(*), ?2, '', '' FROM fact_commit WHERE service = -2 * ?2 - 1"
             " GROUP BY service"));
  return unknown->bind(1, repository.service).bind(2, repository.id).run();
}

Status Facts::add_missing(const Repository& repository, std::span<const Missing> missing) {
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT OR IGNORE INTO fact_missing(repository, sha, origin, name)"
                          " VALUES (?1, ?2, ?3, ?4)"));
  for (const Missing& wait : missing) {
    BL_CHECK(insert->bind(1, repository.id)
                 .bind_blob(2, bytes_of(wait.sha))
                 .bind(3, wait.origin)
                 .bind(4, std::string_view(wait.name))
                 .run());
  }
  return {};
}

Status Facts::erase_missing(const Repository& repository, Origin origin, const std::string& name) {
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_missing WHERE repository = ?1 AND origin = ?2"
                          " AND name = ?3"));
  return erase->bind(1, repository.id)
      .bind(2, to_string(origin))
      .bind(3, std::string_view(name))
      .run();
}

Result<bool> Facts::has_missing(const Repository& repository) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT 1 FROM fact_missing WHERE repository = ?1 LIMIT 1"));
  BL_TRY(const bool row, select->bind(1, repository.id).step());
  select->reset();
  return row;
}

Result<std::vector<Missing>> Facts::waiting_for(const Repository& repository, const Oid& sha) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT origin, name FROM fact_missing WHERE repository = ?1"
                          " AND sha = ?2"));
  select->bind(1, repository.id).bind_blob(2, bytes_of(sha));
  std::vector<Missing> waiting;
  while (true) {
    BL_TRY(const bool row, select->step());
    if (!row) {
      return waiting;
    }
    const std::string_view origin = select->text(0);
    waiting.push_back({sha, origin.empty() ? std::string_view() : to_string(origin_of(origin)),
                       std::string(select->text(1))});
  }
}

Status Facts::set_tips(const Repository& repository, const std::string& branch,
                       std::span<const std::int64_t> tips) {
  BL_TRY(store::Statement * erase,
         statements_->get("DELETE FROM fact_branch_tip WHERE repository = ?1 AND name = ?2"));
  BL_CHECK(erase->bind(1, repository.id).bind(2, std::string_view(branch)).run());
  BL_TRY(store::Statement * insert,
         statements_->get("INSERT INTO fact_branch_tip(repository, name, commit_id)"
                          " VALUES (?1, ?2, ?3)"));
  for (const std::int64_t tip : tips) {
    BL_CHECK(insert->bind(1, repository.id).bind(2, std::string_view(branch)).bind(3, tip).run());
  }
  return {};
}

Result<std::vector<std::int64_t>> Facts::tips(const Repository& repository,
                                              const std::string& branch) {
  BL_TRY(store::Statement * select,
         statements_->get("SELECT commit_id FROM fact_branch_tip WHERE repository = ?1"
                          " AND name = ?2"));
  select->bind(1, repository.id).bind(2, std::string_view(branch));
  std::vector<std::int64_t> tips;
  while (true) {
    BL_TRY(const bool row, select->step());
    if (!row) {
      return tips;
    }
    tips.push_back(select->integer(0));
  }
}

}  // namespace baselined::derive
