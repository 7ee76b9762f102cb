#include "tests/bench/forge_history.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "daemon/base/digest.h"
#include "tests/bench/must.h"

namespace baselined {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kRepository = "example.org/shop";
constexpr UtcTime kFirst{seconds(1'200'000'000)};
constexpr std::int64_t kChangesPerTransaction = 1000;
constexpr std::int64_t kDeploymentsPerRollback = 50;

Cell text(std::string_view value) { return Cell::of_text(value); }
Cell bytes(std::string_view value) { return Cell::of_text(value, CellType::bytes); }
Cell time(UtcTime value) { return Cell::of_integer(to_us(value), CellType::time); }
Cell flag(bool value) { return Cell::of_integer(value ? 1 : 0, CellType::boolean); }

// As git's: neighbours have nothing in common.
std::string sha_of(std::int64_t commit) {
  std::string sha(20, '\0');
  auto mixed = static_cast<std::uint64_t>(commit);
  for (std::size_t at = 0; at < sha.size(); at += 4) {
    mixed = (mixed + 0x9E3779B97F4A7C15U) * 0xBF58476D1CE4E5B9U;
    mixed ^= mixed >> 29U;
    std::memcpy(sha.data() + at, &mixed, 4);
  }
  return sha;
}

std::int64_t landed_by(std::int64_t change) { return (change + 1) * ForgeHistory::kCommits - 1; }

// From its first commit to its merge.
Microseconds work_on(std::int64_t change) { return hours(6 * (1 + change % 5)); }

UtcTime authored_at(std::int64_t commit) {
  const std::int64_t change = commit / ForgeHistory::kCommits;
  const std::int64_t left = landed_by(change) - commit;
  return ForgeHistory::merged_at(change) - work_on(change) * left / ForgeHistory::kCommits;
}

// A branch begins at what was landed two changes before.
std::string parents_of(std::int64_t commit) {
  const std::int64_t change = commit / ForgeHistory::kCommits;
  std::string parents;
  if (commit == landed_by(change) && change > 0) {
    parents = sha_of(landed_by(change - 1));
  }
  if (commit % ForgeHistory::kCommits != 0) {
    return parents + sha_of(commit - 1);
  }
  return change < 2 ? parents : sha_of(landed_by(change - 2));
}

std::int64_t last_change_of(std::int64_t deployment) {
  return (deployment + 1) * ForgeHistory::kChangesPerDeployment - 1;
}

UtcTime deployed_at(std::int64_t change) { return ForgeHistory::merged_at(change) + minutes(10); }

std::string_view labels_of(std::int64_t change) {
  return change % 50 == 0 ? R"(["hotfix","team-2"])" : change % 2 == 0 ? R"(["team-1"])" : "[]";
}

}  // namespace

UtcTime ForgeHistory::merged_at(std::int64_t change) { return kFirst + seconds(5600) * change; }

ForgeHistory::ForgeHistory(store::Store& store) {
  open(store, git_, "git", {"commit/1", "ref/1"});
  open(store, forge_, "forge",
       {"change/1", "change_commit/1", "change_event/1", "deployment/1", "deployment_status/1",
        "incident/1", "incident_event/1", "incident_link/1"});
}

void ForgeHistory::open(store::Store& store, Collector& collector, const char* name,
                        std::initializer_list<const char*> contracts) {
  collector.sink = must(store.record_sink(name, 1, clock_));
  for (const char* id : contracts) {
    const records::Contract& contract = *records::Contracts::built_in().find(id);
    records::StreamDescription stream{contract.name, contract.id, {}};
    for (const records::Field& field : contract.fields) {
      stream.columns.push_back({field.name, records::cell_type_of(field.type), field.key,
                                field.required, field.personal});
    }
    const auto mapping = collector.mappings
                             .emplace(id, must(records::StreamMapping::create(
                                              records::Contracts::built_in(), std::move(stream))))
                             .first;
    collector.streams[id] = must(collector.sink->open_stream(mapping->second));
  }
}

template <class Put>
void ForgeHistory::within(Collector& collector, Put put) {
  must(collector.sink->begin());
  put();
  must(collector.sink->commit());
}

void ForgeHistory::put(Collector& collector, std::string_view contract, Fields fields) {
  const auto& known = collector.mappings.find(contract)->second.contract();
  std::vector<Cell> cells(known.fields.size());
  for (const auto& [name, cell] : fields) {
    cells[static_cast<std::size_t>(known.find(name) - known.fields.data())] = cell;
  }
  must(collector.sink->put(collector.streams.find(contract)->second, cells));
}

void ForgeHistory::fill(std::int64_t changes) {
  for (std::int64_t first = 0; first < changes; first += kChangesPerTransaction) {
    const std::int64_t end = std::min(first + kChangesPerTransaction, changes);
    for (Collector* collector : {&git_, &forge_}) {
      within(*collector, [&] {
        for (std::int64_t change = first; change < end; ++change) {
          collector == &git_ ? put_commits(change) : put_change(change);
        }
      });
    }
  }
  within(forge_, [&] {
    for (std::int64_t number = 0; number < changes / kChangesPerDeployment; ++number) {
      const bool is_rollback = number % kDeploymentsPerRollback == kDeploymentsPerRollback - 1;
      const UtcTime at = deployed_at(last_change_of(number));
      put_deployment(number, last_change_of(is_rollback ? number - 2 : number), at);
      if (number % kDeploymentsPerIncident == 0) {
        put_incident(number / kDeploymentsPerIncident, number, at + hours(1));
      }
    }
  });
  for (Collector* collector : {&git_, &forge_}) {
    within(*collector, [&] {
      for (const auto& [contract, stream] : collector->streams) {
        must(collector->sink->set_coverage({contract, std::string(kRepository),
                                            std::numeric_limits<std::int64_t>::min(),
                                            to_us(kFirst + hours(24 * 36'500)), ""}));
      }
    });
  }
}

void ForgeHistory::add_change(std::int64_t change) {
  within(git_, [&] { put_commits(change); });
  within(forge_, [&] { put_change(change); });
}

void ForgeHistory::add_deployment(std::int64_t deployment, std::int64_t change) {
  within(forge_, [&] { put_deployment(deployment, change, deployed_at(change)); });
}

void ForgeHistory::add_incident(std::int64_t incident, std::int64_t deployment, UtcTime at) {
  within(forge_, [&] { put_incident(incident, deployment, at); });
}

void ForgeHistory::put_commits(std::int64_t change) {
  for (std::int64_t commit = change * kCommits; commit <= landed_by(change); ++commit) {
    put(git_, "commit/1",
        {{"repository", text(kRepository)},
         {"sha", bytes(sha_of(commit))},
         {"parents", bytes(parents_of(commit))},
         {"authored_at", time(authored_at(commit))},
         {"committed_at", time(authored_at(commit))},
         {"is_bot", flag(false)}});
  }
}

void ForgeHistory::put_change(std::int64_t change) {
  const std::string number = std::to_string(change);
  const std::string reverted = std::to_string(change - 15);
  const UtcTime merged = merged_at(change);
  const Microseconds work = work_on(change);
  put(forge_, "change/1",
      {{"repository", text(kRepository)},
       {"change", text(number)},
       {"state", text("merged")},
       {"created_at", time(merged - work / 2)},
       {"merged_at", time(merged)},
       {"base", text("main")},
       {"labels", text(labels_of(change))},
       {"reverts", change % 100 == 60 ? text(reverted) : Cell()}});
  for (std::int64_t commit = change * kCommits; commit <= landed_by(change); ++commit) {
    const bool is_landed = commit == landed_by(change);
    put(forge_, "change_commit/1",
        {{"repository", text(kRepository)},
         {"change", text(number)},
         {"sha", bytes(sha_of(commit))},
         {"role", text(is_landed ? "landed_merge" : "source")},
         {"authored_at", time(authored_at(commit))}});
  }
  const std::pair<std::string_view, UtcTime> events[] = {{"ready", merged - work / 3},
                                                         {"commented", merged - work / 4},
                                                         {"approved", merged - work / 8},
                                                         {"merged", merged}};
  for (const auto& [kind, at] : events) {
    put(forge_, "change_event/1",
        {{"repository", text(kRepository)},
         {"change", text(number)},
         {"event", text(kind)},
         {"kind", text(kind)},
         {"is_author", flag(kind == "ready" || kind == "merged")},
         {"at", time(at)}});
  }
}

void ForgeHistory::put_deployment(std::int64_t deployment, std::int64_t change, UtcTime at) {
  const std::string number = std::to_string(deployment);
  put(forge_, "deployment/1",
      {{"origin", text(kRepository)},
       {"deployment", text(number)},
       {"environment", text("production")},
       {"repository", text(kRepository)},
       {"sha", bytes(sha_of(landed_by(change)))},
       {"environment_class", text("production")},
       {"created_at", time(at - minutes(5))}});
  const std::pair<std::string_view, UtcTime> states[] = {{"in_progress", at - minutes(5)},
                                                         {"success", at}};
  for (const auto& [state, since] : states) {
    put(forge_, "deployment_status/1",
        {{"origin", text(kRepository)},
         {"deployment", text(number)},
         {"environment", text("production")},
         {"status", text(state)},
         {"state", text(state)},
         {"at", time(since)}});
  }
}

void ForgeHistory::put_incident(std::int64_t incident, std::int64_t deployment, UtcTime at) {
  const std::string name = std::to_string(incident);
  put(forge_, "incident/1",
      {{"incident", text(name)},
       {"repository", text(kRepository)},
       {"state", text("resolved")},
       {"opened_at", time(at)}});
  const std::pair<std::string_view, UtcTime> events[] = {
      {"triggered", at}, {"acknowledged", at + minutes(5)}, {"resolved", at + hours(3)}};
  for (const auto& [kind, since] : events) {
    put(forge_, "incident_event/1",
        {{"incident", text(name)},
         {"event", text(kind)},
         {"kind", text(kind)},
         {"at", time(since)}});
  }
  const std::int64_t change = last_change_of(deployment);
  const std::string sha = to_hex(sha_of(landed_by(change)));
  const std::string later = std::to_string(deployment + 1);
  const std::pair<std::string_view, std::string> causes[] = {
      {"deployment", std::to_string(deployment)}, {"change", std::to_string(change)}, {"sha", sha}};
  if (incident % 2 == 0) {  // the others are held against what was deployed before them
    const auto& [refers_to, which] = causes[incident % 3];
    put_link(name, "caused_by", refers_to, which);
    put_link(name, "fixed_by", "deployment", later);
  }
}

void ForgeHistory::put_link(const std::string& incident, std::string_view role,
                            std::string_view refers_to, const std::string& which) {
  put(forge_, "incident_link/1",
      {{"incident", text(incident)},
       {"deployment", text(which)},
       {"role", text(role)},
       {"refers_to", text(refers_to)},
       {"repository", text(kRepository)},
       {"method", text("api")}});
}

}  // namespace baselined
