// derive_bench fill FOLDER CHANGES: a store with so many merged changes of one repository, ten
// times the commits, a tenth of the deployments and a fiftieth of the incidents. derive_bench
// measure FOLDER CHANGES: its facts and KPIs from scratch, then after one more deployment, merged
// change with its deployment, and incident. Prints one JSON object.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/derive/derive.h"
#include "daemon/expose/metrics.h"
#include "daemon/kpi/engine.h"
#include "tests/bench/forge_history.h"
#include "tests/bench/must.h"

namespace baselined {
namespace {

constexpr int kRounds = 9;
constexpr std::uint64_t kMaxSeries = 10'000;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Cost {
  double seconds = 0;
  double cpu_seconds = 0;
};

// Of several, the one in the middle of each.
Cost median(std::vector<Cost> costs) {
  const auto middle = [&costs](double Cost::*of) {
    const auto at = costs.begin() + static_cast<std::ptrdiff_t>(costs.size() / 2);
    std::nth_element(costs.begin(), at, costs.end(),
                     [of](const Cost& a, const Cost& b) { return a.*of < b.*of; });
    return *at.*of;
  };
  return {middle(&Cost::seconds), middle(&Cost::cpu_seconds)};
}

// What the daemon does after a collection: facts, KPIs of what changed, metrics.
class Site {
 public:
  Site(const std::filesystem::path& folder, UtcTime now)
      : folder_(folder),
        store_(must(store::Store::open(folder, records::Contracts::built_in()))),
        zone_(must(TimeZone::find("Europe/Amsterdam"))) {
    derive::ServiceRule rule{"shop", {"*"}};
    rule.deployment_environments = {"production"};
    rule.hotfix_labels = {"hotfix"};
    rule.reverts_are_fixes = true;
    mapping_.services.push_back(std::move(rule));
    mapping_.collectors = {"git", "forge"};
    for (const char* name : {"7d", "28d", "91d"}) {
      windows_.push_back(must(kpi::last_days(name, now, zone_)));
    }
  }

  store::Store& store() { return *store_; }

  Cost refresh() {
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = cpu_seconds();
    must(derive::update(store_->connection(), mapping_));
    auto reader = must(store::Connection::open_reader(store::database_file(folder_)));
    kpi::Engine engine(reader, kpi::Catalogue::built_in(), zone_);
    const std::string services[] = {"shop"};
    results_ = must(engine.compute_all(windows_, services));
    expose::render_kpis(kpi::Catalogue::built_in().all(), results_, kMaxSeries);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    return {seconds.count(), cpu_seconds() - cpu_begin};
  }

  std::uint64_t count(std::string_view kpi) const {
    for (const kpi::KpiResult& result : results_) {
      if (result.definition->id == kpi && result.window.name == "91d") {
        return result.n;
      }
    }
    return 0;
  }

  // Of a refresh after which the KPI counts one more.
  Cost one_more(std::string_view kpi) {
    const std::uint64_t before = count(kpi);
    const Cost cost = refresh();
    if (count(kpi) != before + 1) {
      give_up({Error::Code::internal,
               fmt::format("{}: {} after one more, {} before", kpi, count(kpi), before)});
    }
    return cost;
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
  TimeZone zone_;
  derive::Mapping mapping_;
  std::vector<kpi::Window> windows_;
  std::vector<kpi::KpiResult> results_;
};

std::string text_of(std::string_view name, const Cost& cost) {
  return fmt::format("\"{0}_seconds\": {1:.5f}, \"{0}_cpu_seconds\": {2:.5f}", name, cost.seconds,
                     cost.cpu_seconds);
}

void measure(const std::filesystem::path& folder, std::int64_t changes) {
  Site site(folder, ForgeHistory::merged_at(changes) + std::chrono::hours(24 * 14));
  const Cost scratch = site.refresh();
  ForgeHistory history(site.store());
  std::int64_t deployment = changes / ForgeHistory::kChangesPerDeployment;
  std::int64_t incident = deployment / ForgeHistory::kDeploymentsPerIncident;
  std::int64_t change = changes;
  std::vector<Cost> deployments;
  std::vector<Cost> merges;
  std::vector<Cost> incidents;
  for (int round = 0; round < kRounds; ++round) {
    for (int more = 0; more < ForgeHistory::kChangesPerDeployment; ++more) {
      history.add_change(change++);
    }
    site.refresh();
    history.add_deployment(deployment++, change - 1);
    deployments.push_back(site.one_more("dora_deployment_frequency"));
    history.add_change(change);
    history.add_deployment(deployment++, change++);
    merges.push_back(site.one_more("dora_change_lead_time"));
    history.add_incident(incident++, deployment - 1,
                         ForgeHistory::merged_at(change) + std::chrono::hours(1));
    incidents.push_back(site.one_more("incident_time_to_restore"));
  }
  fmt::print("{{{}, {}, {}, {}}}\n", text_of("scratch", scratch),
             text_of("deployment", median(std::move(deployments))),
             text_of("change", median(std::move(merges))),
             text_of("incident", median(std::move(incidents))));
}

int run(std::string_view what, const std::filesystem::path& folder, std::int64_t changes) {
  if (what == "measure") {
    measure(folder, changes);
    return 0;
  }
  auto store = must(store::Store::open(folder, records::Contracts::built_in()));
  ForgeHistory(*store).fill(changes);
  return 0;
}

}  // namespace
}  // namespace baselined

int main(int argc, char** argv) {
  try {
    return argc == 4 ? baselined::run(argv[1], argv[2], std::atoll(argv[3])) : 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "derive_bench: %s\n", failure.what());
    return 1;
  }
}
