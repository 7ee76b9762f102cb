#include "daemon/derive/census.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "daemon/base/glob.h"

namespace baselined::derive {

namespace {

constexpr const char* kCommits = "commit/1";
constexpr const char* kRefs = "ref/1";
constexpr const char* kStatuses = "deployment_status/1";
constexpr const char* kPaths = "commit_path/1";
constexpr const char* kNotYet = "not collected completely yet";

// Who tells of it, and what must have been read completely.
struct ForgeTable {
  Origin origin;
  const char* table;
  const char* teller;  // the column
  const char* contract;
  int n_contracts;
  const char* not_yet;
};
constexpr std::array<ForgeTable, 3> kForgeTables{
    {{Origin::api, "record_deployment_1", "origin", "deployment/1", 2,
      "deployments of the forge: not collected completely yet"},
     {Origin::job, "record_ci_job_1", "pipeline", "ci_job/1", 1,
      "jobs of CI: not collected completely yet"},
     {Origin::run, "record_ci_run_1", "pipeline", "ci_run/1", 1,
      "runs of CI: not collected completely yet"}}};

struct Span {
  std::int64_t collector = 0;
  std::string contract;
  std::string scope;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::string reason;

  bool was_complete() const { return reason.empty() || from != to; }
};

// Collector and text of a repository.
using SourceKey = std::pair<std::int64_t, std::int64_t>;
constexpr std::int64_t kNoRecords = 0;  // the text of a collector that has none of it

// Jumps through the unique index, which begins with these two columns, from one (collector, text)
// to the next. A comparison of the pair would make SQLite walk all rows of the collector.
Status read_sources(store::Connection& db, const std::string& table, const std::string& column,
                    std::set<SourceKey>& sources) {
  BL_TRY(store::Statement next_collector,
         db.prepare("SELECT min(collector) FROM " + table + " WHERE collector > ?1"));
  BL_TRY(store::Statement next_repository,
         db.prepare("SELECT min(" + column + ") FROM " + table + " WHERE collector = ?1 AND " +
                    column + " > ?2"));
  SourceKey at{0, 0};
  while (true) {
    BL_TRY(const bool first, next_repository.bind(1, at.first).bind(2, at.second).step());
    if (first && !next_repository.is_null(0)) {
      at.second = next_repository.integer(0);
      sources.insert(at);
      next_repository.reset();
      continue;
    }
    next_repository.reset();
    BL_TRY(const bool second, next_collector.bind(1, at.first).step());
    if (!second || next_collector.is_null(0)) {
      return {};
    }
    at = {next_collector.integer(0), 0};
    next_collector.reset();
  }
}

Result<std::vector<Span>> read_coverage(store::Connection& db, const Collectors& collectors) {
  BL_TRY(store::Statement select,
         db.prepare("SELECT collector, contract, scope, from_us, to_us, reason FROM coverage"));
  std::vector<Span> spans;
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return spans;
    }
    if (!collectors.take_part(select.integer(0))) {
      continue;
    }
    spans.push_back({select.integer(0), std::string(select.text(1)), std::string(select.text(2)),
                     select.integer(3), select.integer(4), std::string(select.text(5))});
  }
}

// Later until wins; then the one without a reason; then the earlier start.
bool is_better(const Input& a, const Input& b) {
  const auto rank = [](const Input& input) {
    return std::tuple(input.complete_until.has_value(), input.complete_until.value_or(0),
                      input.reason.empty(), -(input.complete_from.value_or(0) / 2));
  };
  return rank(a) != rank(b) ? rank(a) > rank(b) : a.reason < b.reason;
}

Input better_of(const std::optional<Input>& a, const Input& b) {
  return a && !is_better(b, *a) ? *a : b;
}

// Complete is what both are.
Input both_of(const std::optional<Input>& a, const Input& b) {
  if (!a) {
    return b;
  }
  Input both;
  if (a->complete_until && b.complete_until) {
    both.complete_from = std::max(a->complete_from, b.complete_from);
    both.complete_until = std::min(a->complete_until, b.complete_until);
  }
  const bool is_a_less = a->complete_until <= b.complete_until;
  const std::string& first = is_a_less ? a->reason : b.reason;
  both.reason = !first.empty() ? first : is_a_less ? b.reason : a->reason;
  return both;
}

Input input_of(const Span& span) {
  Input input;
  input.reason = span.reason;
  if (span.was_complete()) {
    input.complete_from = span.from;
    input.complete_until = span.to;
  }
  return input;
}

// What a pipeline that does not count tells is as good as nothing.
bool counts_teller(const ServiceRule& rule, Origin origin, std::string_view teller) {
  const std::vector<std::string>& globs = rule.deployment_pipelines;
  return origin == Origin::api || globs.empty() || any_glob_matches(globs, teller);
}

class CensusTaker {
 public:
  CensusTaker(const Mapping& mapping, Collectors collectors, std::vector<Span> spans)
      : mapping_(mapping), identities_(mapping), spans_(std::move(spans)) {
    census_.collectors = std::move(collectors);
  }

  Status take(store::Connection& db);
  Census finish() { return std::move(census_); }

 private:
  struct Known {
    SourceKey key;
    std::string given;        // the identity as the collector gives it
    std::string teller = {};  // of jobs and runs, the pipeline
  };

  Status read_known(store::Connection& db);
  Status read_forges(store::Connection& db, const ForgeTable& forge);
  Status read_trackers(store::Connection& db);
  static void add_if_silent(std::vector<Known>& known, const Span& span);
  void add_inputs();
  void add_repositories(const std::string& identity, const std::vector<Owner>& owners);
  void add_sources(Repository& repository);
  void add_forges(Repository& repository, const ForgeTable& forge);
  static void add_paths(Repository& repository);
  void explain(Repository& repository) const;
  Status add_incident_inputs(store::Connection& db);
  using Tellers = std::map<std::string, std::set<std::int64_t>>;  // of each pipeline
  static Tellers tellers_of(const ServiceRule& rule, Origin origin,
                            const std::vector<Known>& known);
  Input input_of_tellers(const Repository& repository, Origin origin, const Tellers& tellers);
  Input best_input(std::string_view contract, std::string_view identity) const;
  void add_services(const std::map<std::string, std::vector<Owner>>& owners);

  const Mapping& mapping_;
  Identities identities_;
  std::vector<Span> spans_;
  std::map<std::string, std::vector<Known>> known_;  // by canonical identity
  // How many of the two contracts a collector read completely, by identity as it gives it.
  std::map<std::pair<std::int64_t, std::string>, int> complete_;
  std::set<std::pair<std::int64_t, std::string>> path_tellers_;  // the same
  std::map<std::string, std::vector<SourceKey>> trackers_;       // by canonical identity
  // By kind and canonical identity of what they deploy.
  std::map<Origin, std::map<std::string, std::vector<Known>>> forges_;
  std::map<std::tuple<Origin, std::int64_t, std::string>, int> complete_forges_;
  std::map<std::pair<Origin, std::string>, std::vector<const Span*>> spans_of_forges_;
  std::map<std::string, std::set<std::string>> reasons_;  // why it is not, by canonical identity
  std::map<std::string, std::map<std::string, Input>> inputs_;  // canonical identity, contract
  Census census_;
};

Status CensusTaker::read_known(store::Connection& db) {
  std::set<SourceKey> keys;
  BL_CHECK(read_sources(db, "record_commit_1", "repository", keys));
  BL_CHECK(read_sources(db, "record_ref_1", "repository", keys));
  BL_CHECK(read_sources(db, "record_commit_path_1", "repository", keys));
  std::erase_if(keys,
                [&](const SourceKey& key) { return !census_.collectors.take_part(key.first); });
  BL_TRY(store::Statement text, db.prepare("SELECT value FROM text WHERE id = ?1"));
  for (const SourceKey& key : keys) {
    BL_TRY(const bool row, text.bind(1, key.second).step());
    if (!row) {
      return Error(Error::Code::data, "a record names a repository that is not in the store");
    }
    std::string given(text.text(0));
    text.reset();
    std::string identity(identities_.canonical(given));
    known_[std::move(identity)].push_back({key, std::move(given)});
  }
  for (const Span& span : spans_) {
    if (span.contract == kPaths && span.was_complete()) {
      path_tellers_.emplace(span.collector, span.scope);
    }
    if (span.contract == kCommits || span.contract == kRefs) {
      const std::string identity(identities_.canonical(span.scope));
      add_if_silent(known_[identity], span);
      complete_[{span.collector, span.scope}] += span.was_complete() ? 1 : 0;
      if (!span.reason.empty()) {
        reasons_[identity].insert(span.reason);
      }
    }
  }
  return {};
}

// A collector that found nothing has said so.
void CensusTaker::add_if_silent(std::vector<Known>& known, const Span& span) {
  const bool is_there = std::any_of(known.begin(), known.end(), [&](const Known& each) {
    return each.key.first == span.collector && each.given == span.scope;
  });
  if (!is_there) {
    known.push_back({{span.collector, kNoRecords}, span.scope});
  }
}

// Who tells, tells of one repository: that of the first record.
Status CensusTaker::read_forges(store::Connection& db, const ForgeTable& forge) {
  auto& forges = forges_[forge.origin];
  std::set<SourceKey> keys;
  BL_CHECK(read_sources(db, forge.table, forge.teller, keys));
  BL_TRY(store::Statement select,
         db.prepare(fmt::format("SELECT value, (SELECT value FROM text WHERE id = ?2) FROM text"
                                " WHERE id = (SELECT repository FROM {}"
                                " WHERE collector = ?1 AND {} = ?2 LIMIT 1)",
                                forge.table, forge.teller)));
  for (const SourceKey& key : keys) {
    if (!census_.collectors.take_part(key.first)) {
      continue;
    }
    BL_TRY(const bool row, select.bind(1, key.first).bind(2, key.second).step());
    if (!row) {
      return Error(Error::Code::data, "a deployment names a repository that is not in the store");
    }
    std::string given(select.text(0));
    std::string teller(select.text(1));
    select.reset();
    std::string identity(identities_.canonical(given));
    forges[std::move(identity)].push_back({key, std::move(given), std::move(teller)});
  }
  for (const Span& span : spans_) {
    if (span.contract == forge.contract ||
        (forge.origin == Origin::api && span.contract == kStatuses)) {
      const std::string identity(identities_.canonical(span.scope));
      add_if_silent(forges[identity], span);
      spans_of_forges_[{forge.origin, identity}].push_back(&span);
      complete_forges_[{forge.origin, span.collector, span.scope}] += span.was_complete() ? 1 : 0;
    }
  }
  return {};
}

Status CensusTaker::read_trackers(store::Connection& db) {
  std::set<SourceKey> keys;
  BL_CHECK(read_sources(db, "record_change_1", "repository", keys));
  BL_TRY(store::Statement text, db.prepare("SELECT value FROM text WHERE id = ?1"));
  for (const SourceKey& key : keys) {
    BL_TRY(const bool row, text.bind(1, key.second).step());
    if (row && census_.collectors.take_part(key.first)) {
      trackers_[std::string(identities_.canonical(text.text(0)))].push_back(key);
    }
    text.reset();
  }
  return {};
}

void CensusTaker::add_inputs() {
  for (const Span& span : spans_) {
    const auto found = known_.find(std::string(identities_.canonical(span.scope)));
    if (found == known_.end()) {
      continue;
    }
    auto& inputs = inputs_[found->first];
    const auto [input, is_first] = inputs.emplace(span.contract, input_of(span));
    if (!is_first && is_better(input_of(span), input->second)) {
      input->second = input_of(span);
    }
  }
  for (const auto& [identity, sources] : known_) {
    for (const char* contract : {kCommits, kRefs}) {
      inputs_[identity].emplace(contract, Input{std::nullopt, std::nullopt, kNotYet});
    }
  }
}

// Where the rule names pipelines: which are known, and the collectors that tell of each. How far
// others have read says nothing of them.
CensusTaker::Tellers CensusTaker::tellers_of(const ServiceRule& rule, Origin origin,
                                             const std::vector<Known>& known) {
  Tellers tellers;
  for (const Known& each : known) {
    if (origin != Origin::api && !rule.deployment_pipelines.empty() &&
        counts_teller(rule, origin, each.teller)) {
      tellers[each.teller.empty() ? each.given : each.teller].insert(each.key.first);
    }
  }
  return tellers;
}

// Of each pipeline the best of those who tell of it; complete is what all pipelines are.
Input CensusTaker::input_of_tellers(const Repository& repository, Origin origin,
                                    const Tellers& tellers) {
  std::map<std::int64_t, Input> inputs;  // by collector
  for (const Span* span : spans_of_forges_[{origin, repository.identity}]) {
    const Input input = input_of(*span);
    const auto [known, is_first] = inputs.emplace(span->collector, input);
    known->second = is_first ? input : better_of(known->second, input);
  }
  std::optional<Input> all;
  for (const auto& [pipeline, collectors] : tellers) {
    std::optional<Input> best;
    for (const std::int64_t collector : collectors) {
      const Input never{std::nullopt, std::nullopt, kNotYet};
      const auto found = inputs.find(collector);
      best = better_of(best, found != inputs.end() ? found->second : never);
    }
    all = both_of(all, *best);
  }
  return *all;
}

// What a forge tells is an input only where the rule counts it.
void CensusTaker::add_forges(Repository& repository, const ForgeTable& forge) {
  auto& inputs = repository.inputs;
  if (repository.rule == nullptr || globs_of(*repository.rule, forge.origin).empty()) {
    inputs.erase(forge.contract);
    if (forge.origin == Origin::api) {
      inputs.erase(kStatuses);
    }
    return;
  }
  auto& sources = repository.forges[forge.origin];
  const std::vector<Known>& all = forges_[forge.origin][repository.identity];
  const Tellers tellers = tellers_of(*repository.rule, forge.origin, all);
  for (const Known& known : all) {
    const bool counts = counts_teller(*repository.rule, forge.origin, known.teller);
    if (!counts && !tellers.empty()) {
      continue;
    }
    const auto found = complete_forges_.find({forge.origin, known.key.first, known.given});
    const Source source{known.key.first, counts ? known.key.second : kNoRecords,
                        found != complete_forges_.end() && found->second == forge.n_contracts};
    if (counts || sources.empty() || sources.back() != source) {
      sources.push_back(source);
    }
    if (!counts) {
      continue;
    }
    Positions& owners = census_.of_forge[{forge.origin, known.key.first, known.key.second}];
    const std::size_t at = census_.repositories.size();
    owners = {owners.end == 0 ? at : owners.begin, at + 1};
  }
  inputs.emplace(forge.contract, Input{std::nullopt, std::nullopt, kNotYet});
  if (!tellers.empty()) {
    inputs[forge.contract] = input_of_tellers(repository, forge.origin, tellers);
  }
}

// What belongs to a part is known where a collector tells of the paths.
void CensusTaker::add_paths(Repository& repository) {
  if (!repository.paths.are_some()) {
    repository.inputs.erase(kPaths);
    return;
  }
  const Input& input =
      repository.inputs
          .emplace(kPaths, Input{std::nullopt, std::nullopt,
                                 "paths of commits: not collected (path_depth of the collector)"})
          .first->second;
  repository.has_paths = input.complete_until.has_value();
}

// Why nothing of it takes part.
void CensusTaker::explain(Repository& repository) const {
  if (!Repository::has_complete(repository.sources)) {
    const auto found = reasons_.find(repository.identity);
    repository.reason = found != reasons_.end() ? *found->second.begin() : kNotYet;
    return;
  }
  if (!repository.has_paths) {
    repository.reason = repository.inputs.at(kPaths).reason;
    return;
  }
  for (const ForgeTable& forge : kForgeTables) {
    const auto sources = repository.forges.find(forge.origin);
    if (sources != repository.forges.end() && !Repository::has_complete(sources->second)) {
      repository.reason = forge.not_yet;
      return;
    }
  }
}

void CensusTaker::add_sources(Repository& repository) {
  for (const Known& known : known_[repository.identity]) {
    const auto found = complete_.find({known.key.first, known.given});
    repository.sources.push_back({known.key.first, known.key.second,
                                  found != complete_.end() && found->second == 2,
                                  path_tellers_.contains({known.key.first, known.given})});
  }
  for (const ForgeTable& forge : kForgeTables) {
    add_forges(repository, forge);
  }
  for (const SourceKey& key : trackers_[repository.identity]) {
    repository.trackers.push_back({key.first, key.second, true});
  }
  add_paths(repository);
  explain(repository);
}

Input CensusTaker::best_input(std::string_view contract, std::string_view identity) const {
  std::optional<Input> best;
  for (const Span& span : spans_) {
    if (span.contract == contract && identities_.canonical(span.scope) == identity) {
      best = better_of(best, input_of(span));
    }
  }
  return best.value_or(Input{std::nullopt, std::nullopt, kNotYet});
}

Status CensusTaker::add_incident_inputs(store::Connection& db) {
  BL_TRY(store::Statement select,
         db.prepare("SELECT DISTINCT collector, (SELECT value FROM text WHERE id = service_hint),"
                    " (SELECT value FROM text WHERE id = repository) FROM record_incident_1"
                    " WHERE service_hint IS NOT NULL AND repository IS NOT NULL"
                    " AND removed_at IS NULL"));
  while (true) {
    BL_TRY(const bool row, select.step());
    if (!row) {
      return {};
    }
    const std::string service(select.text(1));
    const std::string identity(identities_.canonical(select.text(2)));
    if (!census_.collectors.take_part(select.integer(0)) || census_.services.count(service) == 0) {
      continue;
    }
    for (const char* contract : {"incident/1", "incident_event/1"}) {
      census_.incident_inputs[service].emplace(std::pair(contract, identity),
                                               best_input(contract, identity));
    }
  }
}

void CensusTaker::add_services(const std::map<std::string, std::vector<Owner>>& owners) {
  for (const ServiceRule& rule : mapping_.services) {
    const auto optional = [](std::string text) {
      return text.empty() ? std::nullopt : std::optional(std::move(text));
    };
    census_.services.emplace(rule.name,
                             ServiceRules{optional(describe(rule)), optional(describe_fixes(rule)),
                                          rule.owns_commits()});
  }
  for (const auto& [identity, of_one] : owners) {
    for (const Owner& owner : of_one) {
      census_.services.emplace(owner.service, ServiceRules{});
    }
  }
}

void CensusTaker::add_repositories(const std::string& identity, const std::vector<Owner>& owners) {
  const std::size_t begin = census_.repositories.size();
  for (const Owner& owner : owners) {
    Repository repository;
    repository.identity = identity;
    repository.service_name = owner.service;
    repository.part = owner.rule != nullptr && owner.rule->owns_parts() ? owner.service : "";
    repository.paths = owner.paths;
    repository.labels = owner.labels;
    repository.other_labels = owner.other_labels;
    repository.inputs = inputs_[identity];
    if (owner.rule != nullptr && !describe(*owner.rule).empty()) {
      repository.rule = owner.rule;
    }
    add_sources(repository);
    census_.repositories.push_back(std::move(repository));
  }
  const Positions all{begin, census_.repositories.size()};
  for (const Source& source : census_.repositories[begin].sources) {
    census_.of_text[source.text] = all;
  }
  for (const SourceKey& key : trackers_[identity]) {
    census_.of_tracker[key] = all;
  }
}

Status CensusTaker::take(store::Connection& db) {
  BL_CHECK(read_known(db));
  for (const ForgeTable& forge : kForgeTables) {
    BL_CHECK(read_forges(db, forge));
  }
  BL_CHECK(read_trackers(db));
  add_inputs();
  std::set<std::string> names;
  for (const auto& [identity, sources] : known_) {
    names.insert(identity);
  }
  const std::map<std::string, std::vector<Owner>> owners = identities_.owners(names);
  add_services(owners);
  for (const auto& [identity, of_one] : owners) {
    add_repositories(identity, of_one);
  }
  return add_incident_inputs(db);
}

}  // namespace

std::string Repository::tracked_sources() const {
  std::string text;
  for (const Source& source : sources) {
    if (source.tells_paths && paths.are_some()) {
      text += std::to_string(source.collector) + ":" + std::to_string(source.text) + "/ ";
    }
  }
  if (!is_tracked()) {
    return text;
  }
  const auto add = [&text](const Source& source) {
    if (source.is_complete) {
      text += text.empty() || text.ends_with(' ') ? "" : ",";
      text += std::to_string(source.collector) + ":" + std::to_string(source.text);
    }
  };
  std::for_each(sources.begin(), sources.end(), add);
  for (const auto& [origin, tellers] : forges) {
    text += " ";
    std::for_each(tellers.begin(), tellers.end(), add);
  }
  return text;
}

Result<Census> read_census(store::Connection& db, const Mapping& mapping) {
  BL_TRY(Collectors collectors, Collectors::read(db, mapping));
  BL_TRY(std::vector<Span> spans, read_coverage(db, collectors));
  CensusTaker taker(mapping, std::move(collectors), std::move(spans));
  BL_CHECK(taker.take(db));
  return taker.finish();
}

}  // namespace baselined::derive
