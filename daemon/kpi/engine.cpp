#include "daemon/kpi/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/kpi/query.h"
#include "daemon/kpi/summary.h"

namespace baselined::kpi {
namespace {

constexpr std::size_t kMostNamesInError = 20;
constexpr const char* kPaths = "commit_path/1";
constexpr const char* kOnlyLabels =
    "commits have no labels: which are of this service is not known";
constexpr const char* kStrays = "incidents of the repository name none of its services";
constexpr const char* kNoCommits = "no commit belongs to this service: are its paths right?";
constexpr const char* kNoDeploymentRule = "no deployment rule";
constexpr const char* kNoFailures =
    "no incidents are collected, and no rule says what repairs a deployment";
constexpr const char* kNoMatch =
    "no deployment, job, run, tag or branch matches the deployment rule";

// One snapshot for everything that a call reads, unless the caller has pinned one.
Result<std::optional<store::Transaction>> snapshot(store::Connection& reader) {
  std::optional<store::Transaction> transaction;
  if (!reader.in_transaction()) {
    BL_TRY(store::Transaction begun, store::Transaction::begin_read(reader));
    transaction.emplace(std::move(begun));
  }
  return transaction;
}

template <class Services>
auto find_service(const Services& services, const std::string& name)
    -> Result<const typename Services::value_type*> {
  for (const auto& service : services) {
    if (service.name == name) {
      return &service;
    }
  }
  std::string known;
  for (std::size_t i = 0; i < std::min(services.size(), kMostNamesInError); ++i) {
    known += (i == 0 ? "" : ", ") + services[i].name;
  }
  if (services.size() > kMostNamesInError) {
    known += fmt::format(" and {} more", services.size() - kMostNamesInError);
  }
  return Error(Error::Code::data, fmt::format("there is no service '{}'; known are: {}", name,
                                              services.empty() ? "none" : known));
}

// Collected at least once, even if not completely.
bool has_input(const std::vector<InputCoverage>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const InputCoverage& input) { return !input.repository.empty(); });
}

bool has_incidents(const std::vector<InputCoverage>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [](const InputCoverage& input) {
    return input.contract == kIncidents && !input.repository.empty();
  });
}

// Something that is excluded now may count later.
bool has_open(const Definition& definition, const CountByReason& excluded) {
  return std::any_of(definition.open_reasons.begin(), definition.open_reasons.end(),
                     [&](const std::string& reason) { return excluded.count(reason) != 0; });
}

}  // namespace

Engine::Engine(store::Connection& reader, const Catalogue& catalogue, const TimeZone& zone)
    : reader_(&reader), catalogue_(&catalogue), zone_(&zone) {}
Engine::~Engine() = default;
Engine::Engine(Engine&& other) noexcept = default;
Engine& Engine::operator=(Engine&& other) noexcept = default;

Result<std::vector<Engine::Service>> Engine::read_services() {
  BL_TRY(const std::int64_t tables,
         reader_->integer("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'fact_service'"));
  if (tables == 0) {
    return Error(Error::Code::data,
                 "nothing has been derived yet: collect something first (baselined collect)");
  }
  BL_TRY(store::Statement select,
         reader_->prepare("SELECT id, name, deployment_rule, fix_rule,"
                          " EXISTS (SELECT 1 FROM fact_deployment d WHERE d.service = s.id)"
                          " OR EXISTS (SELECT 1 FROM fact_exclusion e WHERE e.service = s.id"
                          " AND e.fact = 'deployment'), owns_commits,"
                          " EXISTS (SELECT 1 FROM fact_commit c WHERE c.service = s.id),"
                          " EXISTS (SELECT 1 FROM fact_repository part JOIN fact_repository rest"
                          " ON rest.identity = part.identity AND rest.part = '' JOIN fact_incident"
                          " i ON i.service = rest.service AND i.cause = 'unknown'"
                          " WHERE part.service = s.id AND part.part <> ''),"
                          " (SELECT reason FROM fact_exclusion e WHERE e.service = s.id"
                          " AND e.fact = 'commit_path' LIMIT 1)"
                          " FROM fact_service s ORDER BY name"));
  std::vector<Service> services;
  BL_TRY(bool found, select.step());
  while (found) {
    services.push_back({select.integer(0), std::string(select.text(1)), !select.is_null(2),
                        select.integer(4) != 0, !select.is_null(3), select.integer(5) != 0,
                        select.integer(6) != 0, select.integer(7) != 0,
                        std::string(select.text(8))});
    BL_TRY(found, select.step());
  }
  return services;
}

Result<std::vector<std::string>> Engine::services() {
  BL_TRY(const std::vector<Service> services, read_services());
  std::vector<std::string> names;
  names.reserve(services.size());
  for (const Service& service : services) {
    names.push_back(service.name);
  }
  return names;
}

Result<Query*> Engine::query_of(const Definition& definition) {
  std::unique_ptr<Query>& query = queries_[&definition];
  if (query == nullptr) {
    Result<Query> prepared = Query::prepare(*reader_, definition);
    if (!prepared) {
      return std::move(prepared).error().with(definition.id);
    }
    query = std::make_unique<Query>(*std::move(prepared));
  }
  return query.get();
}

Result<Coverage> Engine::coverage_of(const Definition& definition, const Service& service) {
  if (!inputs_) {
    BL_TRY(inputs_, prepare_inputs(*reader_));
  }
  BL_TRY(Coverage coverage, read_coverage(*inputs_, service.id, definition, service.has_fix_rule));
  if (definition.counts_commits && !service.owns_commits) {
    coverage.add({"commit/1", std::nullopt, std::nullopt, kOnlyLabels, ""});
  }
  // A path that nobody ever touched is mistyped, or not there yet.
  if (coverage.has(kPaths) && !service.has_commits && service.unknown_paths.empty()) {
    coverage.add({kPaths, std::nullopt, std::nullopt, kNoCommits, ""});
  }
  if (!service.unknown_paths.empty() &&
      (definition.counts_commits || definition.needs_failures || coverage.has("change/1"))) {
    coverage.explain(kPaths, service.unknown_paths);
  }
  if (definition.needs_failures && service.has_strays) {
    coverage.explain(kIncidents, kStrays);
  }
  // Without a rule, or with one that never matched (mistyped?), it is unknown what a deployment is:
  // that is not none.
  if (definition.needs_deployment_rule && !(service.has_deployment_rule && service.has_match)) {
    coverage.add({"deployment", std::nullopt, std::nullopt,
                  service.has_deployment_rule ? kNoMatch : kNoDeploymentRule, ""});
  }
  if (definition.needs_failures && !service.has_fix_rule && !has_incidents(coverage.inputs())) {
    coverage.add({"incident", std::nullopt, std::nullopt, kNoFailures, ""});
  }
  return coverage;
}

Result<KpiResult> Engine::compute_one(const Definition& definition, const Window& window,
                                      const Service& service, const Coverage& coverage) {
  KpiResult result;
  result.definition = &definition;
  result.service = service.name;
  result.window = window;
  result.coverage = coverage.inputs();
  result.provisional = !coverage.settles(window, definition.settling);
  if (definition.needs_deployment_rule && !service.has_deployment_rule) {
    return result;
  }
  BL_TRY(Query* const query, query_of(definition));
  BL_TRY(Observations observations, query->observations(service.id, window));
  summarise(std::move(observations), coverage, *zone_, result);
  BL_TRY(result.excluded, query->excluded(service.id, window));
  result.provisional = result.provisional || has_open(definition, result.excluded);
  BL_TRY(result.adjusted, query->adjusted(service.id, window));
  return result;
}

Result<std::vector<KpiResult>> Engine::compute(const Definition& definition, const Window& window,
                                               const std::optional<std::string>& service) {
  BL_TRY(const std::optional<store::Transaction> pinned, snapshot(*reader_));
  BL_TRY(std::vector<Service> services, read_services());
  if (service) {
    BL_TRY(const Service* const named, find_service(services, *service));
    services = std::vector<Service>{Service(*named)};
  }
  std::vector<KpiResult> results;
  for (const Service& each : services) {
    BL_TRY(const Coverage coverage, coverage_of(definition, each));
    if (service || has_input(coverage.inputs())) {
      BL_TRY(KpiResult result, compute_one(definition, window, each, coverage));
      results.push_back(std::move(result));
    }
  }
  return results;
}

Result<std::vector<KpiResult>> Engine::compute_all(std::span<const Window> windows,
                                                   std::span<const std::string> services) {
  BL_TRY(const std::optional<store::Transaction> pinned, snapshot(*reader_));
  BL_TRY(const std::vector<Service> known, read_services());
  std::vector<KpiResult> results;
  for (const std::string& name : services) {
    BL_TRY(const Service* const service, find_service(known, name));
    for (const Definition& definition : catalogue_->all()) {
      BL_TRY(const Coverage coverage, coverage_of(definition, *service));
      if (!has_input(coverage.inputs())) {
        continue;
      }
      for (const Window& window : windows) {
        BL_TRY(KpiResult result, compute_one(definition, window, *service, coverage));
        results.push_back(std::move(result));
      }
    }
  }
  return results;
}

}  // namespace baselined::kpi
