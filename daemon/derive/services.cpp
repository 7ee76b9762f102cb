#include "daemon/derive/services.h"

#include "daemon/derive/bind.h"

namespace baselined::derive {

namespace {

using Inputs = std::map<std::pair<std::string, std::string>, Input>;  // contract, repository

struct StoredRepository {
  std::int64_t id = 0;
  std::int64_t service = 0;
  std::string sources;
  std::string reason;
};

// By identity and part.
using Repositories = std::map<std::pair<std::string, std::string>, StoredRepository>;

Result<Repositories> stored_repositories(store::Connection& db) {
  BL_TRY(store::Statement select,
         db.prepare("SELECT identity, part, id, service, sources, reason FROM fact_repository"));
  Repositories repositories;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return repositories;
    }
    repositories.emplace(
        std::pair(select.text(0), select.text(1)),
        StoredRepository{select.integer(2), select.integer(3), std::string(select.text(4)),
                         std::string(select.text(5))});
  }
}

Result<ServiceIds> read_ids(store::Connection& db, std::string_view sql) {
  BL_TRY(store::Statement select, db.prepare(sql));
  ServiceIds ids;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return ids;
    }
    ids.emplace(select.text(0), select.integer(1));
  }
}

class Reconciler {
 public:
  Reconciler(store::Connection& db, Census& census) : db_(db), census_(census) {}

  Result<Reconciled> run();

 private:
  Status read();
  Status rename_services();
  Status add_services();
  Status write_repositories();
  Status write_inputs();
  std::map<std::string, Inputs> wanted_inputs() const;  // by service
  void add_missing_changes(std::map<std::string, Inputs>& wanted) const;
  Result<Inputs> stored_inputs(std::int64_t service);

  store::Connection& db_;
  Census& census_;
  ServiceIds services_;
  Repositories repositories_;
  Reconciled result_;
};

Status Reconciler::read() {
  BL_TRY(services_, service_ids(db_));
  BL_TRY(repositories_, stored_repositories(db_));
  std::set<std::pair<std::string, std::string>> present;
  for (const Repository& repository : census_.repositories) {
    present.emplace(repository.identity, repository.part);
  }
  for (const auto& [key, stored] : repositories_) {
    result_.must_rebuild = result_.must_rebuild || present.count(key) == 0;
  }
  return {};
}

// With one mapping, a name changes only when a second repository comes to have the same: the
// service of the first takes its whole identity.
Status Reconciler::rename_services() {
  BL_TRY(store::Statement update, db_.prepare("UPDATE fact_service SET name = ?1 WHERE id = ?2"));
  for (const Repository& repository : census_.repositories) {
    const auto stored = repositories_.find({repository.identity, repository.part});
    if (stored == repositories_.end()) {
      continue;
    }
    const auto named = services_.find(repository.service_name);
    if (named != services_.end()) {
      result_.must_rebuild = result_.must_rebuild || named->second != stored->second.service;
      continue;
    }
    BL_CHECK(update.bind(1, std::string_view(repository.service_name))
                 .bind(2, stored->second.service)
                 .run());
    std::erase_if(services_,
                  [&](const auto& entry) { return entry.second == stored->second.service; });
    services_.emplace(repository.service_name, stored->second.service);
    result_.services.insert(stored->second.service);
  }
  return {};
}

Status Reconciler::add_services() {
  BL_TRY(store::Statement insert,
         db_.prepare("INSERT INTO fact_service(name, deployment_rule, fix_rule, owns_commits)"
                     " VALUES (?1, ?2, ?3, ?4)"));
  for (const auto& [name, rules] : census_.services) {
    if (services_.count(name) == 0) {
      insert.bind(1, std::string_view(name));
      bind_optional(insert, 2, rules.deployment);
      bind_optional(insert, 3, rules.fix).bind(4, std::int64_t{rules.owns_commits});
      BL_CHECK(insert.run());
      services_.emplace(name, db_.last_insert_rowid());
      result_.services.insert(db_.last_insert_rowid());
    }
  }
  return {};
}

Status Reconciler::write_repositories() {
  BL_TRY(store::Statement insert,
         db_.prepare("INSERT OR REPLACE INTO fact_repository(id, identity, service, sources,"
                     " reason, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  BL_TRY(std::int64_t last, db_.integer("SELECT coalesce(max(id), 0) FROM fact_repository"));
  for (Repository& repository : census_.repositories) {
    repository.service = services_.at(repository.service_name);
    const std::string sources = repository.tracked_sources();
    const auto stored = repositories_.find({repository.identity, repository.part});
    repository.id = stored != repositories_.end() ? stored->second.id : ++last;
    if (stored != repositories_.end() && stored->second.sources == sources &&
        stored->second.reason == repository.reason) {
      continue;
    }
    BL_CHECK(insert.bind(1, repository.id)
                 .bind(2, std::string_view(repository.identity))
                 .bind(3, repository.service)
                 .bind(4, std::string_view(sources))
                 .bind(5, std::string_view(repository.reason))
                 .bind(6, std::string_view(repository.part))
                 .run());
    result_.services.insert(repository.service);
    result_.repositories.insert(repository.id);
  }
  return {};
}

// Changes of one repository are not those of its service: the others miss them.
void Reconciler::add_missing_changes(std::map<std::string, Inputs>& wanted) const {
  constexpr const char* kChanges = "change/1";
  std::set<std::string> services;
  for (const Repository& repository : census_.repositories) {
    if (repository.inputs.count(kChanges) != 0) {
      services.insert(repository.service_name);
    }
  }
  for (const Repository& repository : census_.repositories) {
    if (services.count(repository.service_name) != 0) {
      wanted[repository.service_name].emplace(
          std::pair(kChanges, repository.identity),
          Input{std::nullopt, std::nullopt,
                "changes of this repository of the service are not collected"});
    }
  }
}

std::map<std::string, Inputs> Reconciler::wanted_inputs() const {
  std::map<std::string, Inputs> wanted;
  for (const Repository& repository : census_.repositories) {
    for (const auto& [contract, input] : repository.inputs) {
      wanted[repository.service_name].emplace(std::pair(contract, repository.identity), input);
    }
  }
  for (const auto& [name, rules] : census_.services) {
    for (const char* contract : {"commit/1", "ref/1"}) {
      if (wanted[name].size() < 2) {
        wanted[name].emplace(
            std::pair(contract, ""),
            Input{std::nullopt, std::nullopt, "no repository of this service is known"});
      }
    }
  }
  add_missing_changes(wanted);
  for (const auto& [name, inputs] : census_.incident_inputs) {
    wanted[name].insert(inputs.begin(), inputs.end());
  }
  return wanted;
}

Result<Inputs> Reconciler::stored_inputs(std::int64_t service) {
  BL_TRY(store::Statement select,
         db_.prepare("SELECT contract, repository, complete_from, complete_until, reason"
                     " FROM fact_input WHERE service = ?1"));
  select.bind(1, service);
  Inputs inputs;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return inputs;
    }
    inputs.emplace(std::pair(select.text(0), select.text(1)),
                   Input{optional_integer(select, 2), optional_integer(select, 3),
                         std::string(select.text(4))});
  }
}

Status Reconciler::write_inputs() {
  BL_TRY(store::Statement erase, db_.prepare("DELETE FROM fact_input WHERE service = ?1"));
  BL_TRY(store::Statement insert,
         db_.prepare("INSERT INTO fact_input(service, contract, repository, complete_from,"
                     " complete_until, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  for (const auto& [name, wanted] : wanted_inputs()) {
    const std::int64_t service = services_.at(name);
    BL_TRY(const Inputs stored, stored_inputs(service));
    if (wanted == stored) {
      continue;
    }
    BL_CHECK(erase.bind(1, service).run());
    for (const auto& [key, input] : wanted) {
      insert.bind(1, service)
          .bind(2, std::string_view(key.first))
          .bind(3, std::string_view(key.second));
      bind_optional(insert, 4, input.complete_from);
      bind_optional(insert, 5, input.complete_until);
      BL_CHECK(insert.bind(6, std::string_view(input.reason)).run());
    }
    result_.services.insert(service);
  }
  return {};
}

Result<Reconciled> Reconciler::run() {
  BL_CHECK(read());
  BL_CHECK(rename_services());
  if (result_.must_rebuild) {
    return std::move(result_);
  }
  BL_CHECK(add_services());
  BL_CHECK(write_repositories());
  BL_CHECK(write_inputs());
  return std::move(result_);
}

}  // namespace

Result<Reconciled> reconcile(store::Connection& db, Census& census) {
  return Reconciler(db, census).run();
}

Result<ServiceIds> service_ids(store::Connection& db) {
  return read_ids(db, "SELECT name, id FROM fact_service");
}

Result<ServiceIds> services_of_repositories(store::Connection& db) {
  return read_ids(db, "SELECT identity, service FROM fact_repository WHERE part = ''");
}

Result<std::vector<std::string>> service_names(store::Connection& db,
                                               const std::set<std::int64_t>& services) {
  BL_TRY(store::Statement select, db.prepare("SELECT name FROM fact_service WHERE id = ?1"));
  std::vector<std::string> names;
  for (const std::int64_t service : services) {
    BL_TRY(const bool row, select.bind(1, service).step());
    if (row) {
      names.emplace_back(select.text(0));
      select.reset();
    }
  }
  return names;
}

}  // namespace baselined::derive
