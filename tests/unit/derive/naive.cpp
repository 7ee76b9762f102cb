#include "tests/unit/derive/naive.h"

#include <algorithm>
#include <set>

#include "daemon/base/glob.h"
#include "tests/unit/derive/naive_owners.h"

namespace baselined::derive {

namespace {

using Commits = std::set<int>;
using Time = std::optional<int>;

std::string text(const Time& time) { return time ? std::to_string(*time) : "-"; }

enum class From : std::uint8_t { api, job, tag, branch };

struct Event {
  int at = 0;
  int generation = 0;
  From from = From::tag;
  std::string name;
  std::int64_t arrival = 0;  // of the commit
  int commit = 0;
  bool is_dated = false;  // its time is of its own, not its commit's

  auto operator<=>(const Event&) const = default;  // NOLINT(modernize-use-nullptr)
};

class NaiveRepository {
 public:
  NaiveRepository(const History& history, std::string identity, std::string service,
                  const ServiceRule* rule, const PathOwners& owners, const std::set<By>& sources,
                  const std::set<By>& forges, const std::set<By>& runners)
      : history_(history),
        identity_(std::move(identity)),
        service_(std::move(service)),
        rule_(rule),
        owners_(owners.size() == owners.count("") ? PathOwners() : owners),
        sources_(sources),
        all_forges_(forges),
        all_runners_(runners) {}

  void add_to(NaiveFacts& facts) {
    read_commits();
    const bool counts_forge = rule_ != nullptr && !rule_->deployment_environments.empty();
    const bool counts_jobs = rule_ != nullptr && !rule_->deployment_jobs.empty();
    const bool has_rule =
        rule_ != nullptr && (counts_forge || counts_jobs || !rule_->deployment_tags.empty() ||
                             !rule_->deployment_branches.empty());
    for (const By& source : sources_) {
      if (was_complete(source, "commit/1") && was_complete(source, "ref/1")) {
        complete_.insert(source);
      }
    }
    for (const By& forge : all_forges_) {
      if (was_complete(forge, "deployment/1") && was_complete(forge, "deployment_status/1")) {
        forges_.insert(forge);
      }
    }
    for (const By& runner : all_runners_) {
      if (was_complete(runner, "ci_job/1")) {
        runners_.insert(runner);
      }
    }
    lacks_forge_ = counts_forge && forges_.empty();
    lacks_paths_ = !owners_.empty() && !owns_labels(rule_) &&
                   std::none_of(sources_.begin(), sources_.end(), [this](const By& source) {
                     return was_complete(source, "commit_path/1");
                   });
    if (has_rule && !complete_.empty() && !lacks_paths_ && !lacks_forge_ &&
        (!counts_jobs || !runners_.empty())) {
      read_deployments();
      read_jobs();
      read_tags();
      for (const std::string& branch : rule_->deployment_branches) {
        read_branch(branch);
      }
      deploy(facts);
    } else if (has_rule) {
      exclude_all();
    }
    write_commits(facts);
    std::sort(exclusions_.begin(), exclusions_.end());
    facts.exclusions.insert(facts.exclusions.end(), exclusions_.begin(), exclusions_.end());
  }

 private:
  bool was_complete(const By& source, const std::string& contract) const {
    const auto found = history_.was_complete.find({source, contract});
    return found != history_.was_complete.end() && found->second;
  }

  void read_commits() {
    std::map<int, std::int64_t> arrivals;
    for (const auto& [key, record] : history_.commits) {
      const auto& [by, id] = key;
      if (!record.is_alive || sources_.count(by) == 0) {
        continue;
      }
      if (commits_.count(id) == 0 || record.arrival < arrivals[id]) {
        commits_[id] = record;
        arrivals[id] = record.arrival;
      }
    }
  }

  // With its paths, if there were any.
  bool is_told(int commit) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const By& source) {
      return was_complete(source, "commit_path/1") && is_alive(history_, source, commit);
    });
  }

  Ours belongs(int commit) const {
    if (owns_labels(rule_)) {
      return Ours::no;
    }
    if (owners_.empty()) {
      return Ours::yes;
    }
    if (commits_.at(commit).parents.size() > 1) {
      return Ours::no;
    }
    std::set<std::string> touched;
    for (const auto& [by, id, path] : history_.paths) {
      if (id == commit && sources_.count(by) != 0) {
        touched.insert(path);
      }
    }
    if (touched.empty()) {
      const auto rest = owners_.find("");
      const bool owns_rest = (rest == owners_.end() ? nullptr : rest->second) == rule_;
      return !is_told(commit) ? Ours::unknown : owns_rest ? Ours::yes : Ours::no;
    }
    Ours best = Ours::no;
    for (const std::string& path : touched) {
      const bool is_cut = std::any_of(
          touched.begin(), touched.end(),
          [&path = path](const std::string& other) { return other.starts_with(path + "/"); });
      best = is_cut ? best : std::max(best, ours(path, owners_, rule_));
    }
    return best;
  }

  int generation(int commit) {
    if (generations_.count(commit) == 0) {
      int highest = 0;
      for (const int parent : commits_.at(commit).parents) {
        highest = std::max(highest, commits_.count(parent) != 0 ? generation(parent) : 0);
      }
      generations_[commit] = highest + 1;
    }
    return generations_[commit];
  }

  const Commits& ancestors(int commit) {  // and itself
    if (ancestors_.count(commit) == 0) {
      Commits all{commit};
      for (const int parent : commits_.at(commit).parents) {
        if (commits_.count(parent) != 0) {
          const Commits more = ancestors(parent);
          all.insert(more.begin(), more.end());
        }
      }
      ancestors_[commit] = all;
    }
    return ancestors_[commit];
  }

  void exclude(const std::string& fact, const Time& at, int n, const std::string& what) {
    exclusions_.push_back(service_ + " " + fact + " at " + text(at) + " n " + std::to_string(n) +
                          " " + what);
  }

  bool matches(const std::string& tag) const {
    return std::any_of(rule_->deployment_tags.begin(), rule_->deployment_tags.end(),
                       [&](const std::string& glob) { return glob_matches(glob, tag); });
  }

  // Name and commit to the times that tags say; none for a lightweight one.
  std::map<std::pair<std::string, int>, std::vector<Time>> tags(const std::set<By>& sources) const {
    std::map<std::pair<std::string, int>, std::vector<Time>> tags;
    for (const auto& [key, ref] : history_.refs) {
      const auto& [by, kind, name, object] = key;
      if (ref.is_alive && kind == "tag" && sources.count(by) != 0 && matches(name)) {
        tags[{name, ref.commit}].push_back(ref.tagged_at);
      }
    }
    return tags;
  }

  static bool says_when(const std::vector<Time>& tagged) {
    return std::any_of(tagged.begin(), tagged.end(), [](const Time& tag) { return tag; });
  }

  // The first time that somebody wrote down; what the commit says only where nobody did.
  static Time when(const std::vector<Time>& tagged, const Time& committed_at) {
    Time first;
    for (const Time& tag : tagged) {
      if (tag) {
        first = std::min(first.value_or(*tag), *tag);
      }
    }
    return first ? first : committed_at;
  }

  bool is_production(const std::string& environment, const DeploymentRecord& record) const {
    return std::any_of(rule_->deployment_environments.begin(), rule_->deployment_environments.end(),
                       [&](const std::string& glob) {
                         return glob_matches(glob, environment) ||
                                glob_matches(glob, record.environment_class);
                       });
  }

  // When it succeeded, if that is how it first ended.
  static Time success(const DeploymentRecord& record) {
    std::vector<std::pair<int, bool>> ends;  // at, whether it is a failure: those come later
    for (const auto& [state, at] : record.states) {
      if (state == "success" || state == "failure" || state == "cancelled") {
        ends.emplace_back(at, state != "success");
      }
    }
    std::sort(ends.begin(), ends.end());
    return ends.empty() || ends.front().second ? Time() : Time(ends.front().first);
  }

  // Name and commit to time and whether it is a guess: the first that a collector tells.
  std::map<std::pair<std::string, int>, std::pair<int, bool>> deployments(
      const std::set<By>& forges) const {
    std::map<std::pair<std::string, int>, std::pair<int, bool>> all;
    for (const auto& [key, record] : history_.deployments) {
      const auto& [by, number, environment] = key;
      const Time at = success(record);
      if (!record.is_alive || forges.count(by) == 0 || !at || !is_production(environment, record)) {
        continue;
      }
      const std::pair<int, bool> told{*at, record.is_guess};
      const auto known =
          all.try_emplace({environment + " #" + std::to_string(number), record.commit}, told).first;
      known->second = std::min(known->second, told);
    }
    return all;
  }

  void read_deployments() {
    for (const auto& [key, end] : deployments(forges_)) {
      const auto& [name, commit] = key;
      if (commits_.count(commit) == 0) {
        exclude("deployment", end.first, 1,
                name + ": deployment of a commit that was not collected");
        continue;
      }
      deployed_.insert(commit);
      events_.push_back(
          {end.first, generation(commit), From::api, name, commits_[commit].arrival, commit, true});
    }
  }

  // As deployments.
  std::map<std::pair<std::string, int>, int> jobs(const std::set<By>& runners) const {
    std::map<std::pair<std::string, int>, int> all;
    for (const auto& [key, record] : history_.jobs) {
      const auto& [by, run, number] = key;
      const bool counts = std::any_of(
          rule_->deployment_jobs.begin(), rule_->deployment_jobs.end(),
          [&, &job = record](const std::string& glob) { return glob_matches(glob, job.name); });
      if (record.is_alive && record.is_success && runners.count(by) != 0 && counts) {
        const std::string name =
            record.name + " #" + std::to_string(number) + " in " + std::to_string(run);
        const auto known = all.try_emplace({name, record.commit}, record.at).first;
        known->second = std::min(known->second, record.at);
      }
    }
    return all;
  }

  void read_jobs() {
    Commits told;
    for (const auto& [key, at] : jobs(runners_)) {
      const auto& [name, commit] = key;
      if (commits_.count(commit) == 0) {
        exclude("deployment", at, 1, name + ": deployment of a commit that was not collected");
      } else if (deployed_.count(commit) == 0) {
        told.insert(commit);
        events_.push_back(
            {at, generation(commit), From::job, name, commits_[commit].arrival, commit, true});
      }
    }
    deployed_.insert(told.begin(), told.end());
  }

  void read_tags() {
    for (const auto& [key, times] : tags(complete_)) {
      if (says_when(times)) {
        dated_.insert(key.second);
      }
    }
    for (const auto& [key, times] : tags(complete_)) {
      const auto& [name, commit] = key;
      if (commits_.count(commit) == 0) {
        exclude("deployment", when(times, {}), 1,
                name + ": tag on a commit that was not collected");
        continue;
      }
      const Time at = when(times, commits_[commit].at);
      if (!at) {
        exclude("deployment", {}, 1, name + ": no time is known for the tag");
        continue;
      }
      if (deployed_.count(commit) == 0 && (says_when(times) || dated_.count(commit) == 0)) {
        events_.push_back({*at, generation(commit), From::tag, name, commits_[commit].arrival,
                           commit, says_when(times)});
      }
    }
  }

  std::set<int> tips(const std::set<By>& sources, const std::string& branch) const {
    std::set<int> tips;
    for (const By& source : sources) {
      for (const std::string& name : {branch, "origin/" + branch}) {
        bool found = false;
        for (const auto& [key, ref] : history_.refs) {
          const auto& [by, kind, known, object] = key;
          if (ref.is_alive && kind == "branch" && by == source && known == name) {
            tips.insert(ref.commit);
            found = true;
          }
        }
        if (found) {
          break;
        }
      }
    }
    return tips;
  }

  void read_branch(const std::string& branch) {
    Commits chain;
    for (int commit : tips(complete_, branch)) {
      if (commits_.count(commit) == 0) {
        exclude("deployment", {}, 1, branch + ": branch at a commit that was not collected");
        continue;
      }
      while (true) {
        chain.insert(commit);
        const std::vector<int>& parents = commits_[commit].parents;
        if (parents.empty() || commits_.count(parents[0]) == 0) {
          break;
        }
        commit = parents[0];
      }
    }
    for (const int commit : chain) {
      if (commits_[commit].at && (dated_.count(commit) != 0 || deployed_.count(commit) != 0)) {
        continue;  // a tag or a forge says when it was deployed
      }
      if (commits_[commit].at) {
        const CommitRecord& record = commits_[commit];
        events_.push_back(
            {*record.at, generation(commit), From::branch, branch, record.arrival, commit, false});
      } else {
        exclude("deployment", {}, 1, branch + ": no time is known for the commit on the branch");
      }
    }
  }

  void exclude_all() {
    std::string reason = complete_.empty() ? "not collected completely yet"
                         : lacks_forge_ ? "deployments of the forge: not collected completely yet"
                                        : "jobs of CI: not collected completely yet";
    std::set<std::string> reasons;
    for (const char* contract : {"commit/1", "ref/1"}) {
      for (const By& source : sources_) {
        const auto found = history_.coverage.find({source, contract});
        if (found != history_.coverage.end() && !found->second.empty()) {
          reasons.insert(found->second);
        }
      }
    }
    if (!reasons.empty() && complete_.empty()) {
      reason = *reasons.begin();
    } else if (!complete_.empty() && lacks_paths_) {
      reason = "paths of commits: not collected (path_depth of the collector)";
      for (const By& source : sources_) {
        const auto found = history_.coverage.find({source, "commit_path/1"});
        reason = found != history_.coverage.end() ? found->second : reason;
      }
    }
    reason = ": the history is not complete: " + reason;
    const auto time_of = [&](int commit) {
      return commits_.count(commit) == 0 ? Time() : commits_[commit].at;
    };
    for (const auto& [key, times] : tags(sources_)) {
      exclude("deployment", when(times, time_of(key.second)), 1, key.first + reason);
    }
    for (const auto& [key, end] : deployments(all_forges_)) {
      exclude("deployment", end.first, 1, key.first + reason);
    }
    for (const auto& [key, at] : jobs(all_runners_)) {
      exclude("deployment", at, 1, key.first + reason);
    }
    for (const std::string& branch : rule_->deployment_branches) {
      for (const int tip : tips(sources_, branch)) {
        exclude("deployment", time_of(tip), 1, branch + reason);
      }
    }
  }

  // Same time and generation: a commit counts once, by its first event.
  std::vector<Event> in_order() {
    std::sort(events_.begin(), events_.end());
    std::vector<Event> kept;
    for (const Event& event : events_) {
      const bool is_known = std::any_of(kept.begin(), kept.end(), [&](const Event& other) {
        return other.at == event.at && other.commit == event.commit;
      });
      if (!is_known) {
        kept.push_back(event);
      }
    }
    return kept;
  }

  void deploy(NaiveFacts& facts) {
    Commits seen;
    std::set<int> heads;
    std::optional<Event> previous;
    for (const Event& event : in_order()) {
      if (previous && previous->commit == event.commit) {
        continue;
      }
      Commits fresh;
      const Commits all = ancestors(event.commit);
      std::set_difference(all.begin(), all.end(), seen.begin(), seen.end(),
                          std::inserter(fresh, fresh.end()));
      const bool is_rollback =
          fresh.empty() && all.count(previous->commit) == 0 &&
          (heads.count(event.commit) != 0 || ancestors(previous->commit).count(event.commit) != 0);
      write_deployment(facts, event, previous, is_rollback, fresh);
      ship(event, fresh, !previous);
      seen.insert(fresh.begin(), fresh.end());
      heads.insert(event.commit);
      previous = event;
    }
  }

  void write_deployment(NaiveFacts& facts, const Event& event, const std::optional<Event>& previous,
                        bool is_rollback, const Commits& fresh) {
    std::string line = service_ + " " + identity_ + " " + std::to_string(event.commit) +
                       (event.from == From::api   ? " api "
                        : event.from == From::job ? " job "
                        : event.from == From::tag ? " tag "
                                                  : " branch ") +
                       event.name + " at " + std::to_string(event.at);
    line += previous
                ? " after " + previous->name + " gap " + std::to_string(event.at - previous->at)
                : " seed";
    line += is_rollback ? " rollback" : "";
    const auto ships = std::count_if(fresh.begin(), fresh.end(),
                                     [this](int commit) { return belongs(commit) == Ours::yes; });
    facts.deployments.push_back(line + " ships " + std::to_string(ships));
  }

  void ship(const Event& event, const Commits& fresh, bool is_seed) {
    int without_time = 0;
    for (const int commit : fresh) {
      const Time at = commits_[commit].at;
      without_time += at || belongs(commit) != Ours::yes ? 0 : 1;
      std::string line = "in " + event.name + " at " + std::to_string(event.at) + " lead ";
      if (is_seed || !at) {
        line += "-";
      } else {
        line += std::to_string(std::max(0, event.at - *at));
        line += *at > event.at ? " clamped" : "";
      }
      shipped_[commit] = line + (event.is_dated ? "" : " or later");
    }
    if (!is_seed && without_time > 0) {
      exclude("lead_time", event.at, without_time, ": no time is known for the commit");
    }
  }

  void write_commits(NaiveFacts& facts) {
    int without_time = 0;
    int unknown = 0;
    for (const auto& [id, commit] : commits_) {
      unknown += belongs(id) == Ours::unknown ? 1 : 0;
      if (belongs(id) != Ours::yes) {
        continue;
      }
      const auto shipped = shipped_.find(id);
      facts.commits.push_back(service_ + " " + identity_ + " " + std::to_string(id) + " at " +
                              text(commit.at) + " " + (commit.is_bot ? "bot " : "") +
                              (shipped == shipped_.end() ? "unshipped" : shipped->second));
      without_time += commit.at ? 0 : 1;
    }
    if (unknown > 0) {
      exclude("commit_path", {}, unknown,
              ": paths of commits are not collected, or less deep than those of the service");
    }
    if (without_time > 0) {
      exclude("commit", {}, without_time, ": no time is known for the commit");
    }
  }

  const History& history_;
  std::string identity_;
  std::string service_;
  const ServiceRule* rule_;
  PathOwners owners_;  // of a repository with parts
  std::set<By> sources_;
  std::set<By> all_forges_;
  std::set<By> all_runners_;
  std::set<By> complete_;
  std::set<By> forges_;
  std::set<By> runners_;
  bool lacks_forge_ = false;
  bool lacks_paths_ = false;
  std::map<int, CommitRecord> commits_;
  std::map<int, int> generations_;
  std::map<int, Commits> ancestors_;
  std::vector<Event> events_;
  Commits dated_;     // by a tag with a time of its own
  Commits deployed_;  // as a forge tells
  std::map<int, std::string> shipped_;
  Lines exclusions_;
};

}  // namespace

NaiveFacts naive_facts(const History& history, const Mapping& mapping) {
  using Tellers = std::map<std::string, std::set<By>>;
  Tellers repositories;
  Tellers forges;
  Tellers runners;
  const auto add_to = [&](Tellers& tellers, const By& by) {
    if (!mapping.collectors || mapping.collectors->count(by.first) != 0) {
      tellers[canonical(mapping, by.second)].insert(by);
    }
  };
  const auto add = [&](const By& by) { add_to(repositories, by); };
  for (const auto& [key, record] : history.commits) {
    add(key.first);
  }
  for (const auto& [key, record] : history.refs) {
    add(std::get<0>(key));
  }
  for (const auto& [by, commit, path] : history.paths) {
    add(by);
  }
  for (const auto& [key, record] : history.coverage) {
    if (key.second == "commit_path/1") {
      continue;
    }
    add_to(key.second.starts_with("deployment") ? forges
           : key.second == "ci_job/1"           ? runners
                                                : repositories,
           key.first);
  }
  for (const auto& [key, record] : history.deployments) {
    add_to(forges, std::get<0>(key));
  }
  for (const auto& [key, record] : history.jobs) {
    add_to(runners, std::get<0>(key));
  }
  std::set<std::string> unclaimed;
  for (const auto& [identity, sources] : repositories) {
    if (owners_of(mapping, identity).count("") == 0) {
      unclaimed.insert(identity);
    }
  }
  NaiveFacts facts;
  for (const auto& [identity, sources] : repositories) {
    const PathOwners owners = owners_of(mapping, identity);
    std::map<std::pair<bool, std::string>, const ServiceRule*> parts;  // the rest first
    for (const auto& [path, rule] : owners) {
      parts[{!path.empty(), rule->name}] = rule;
    }
    for (const ServiceRule& service : mapping.services) {
      if (owns_labels(&service) && matches_any(service.repositories, identity)) {
        parts[{true, service.name}] = &service;
      }
    }
    if (owners.count("") == 0) {
      parts[{false, name_of(mapping, identity, unclaimed)}] = nullptr;
    }
    for (const auto& [part, rule] : parts) {
      NaiveRepository(history, identity, part.second, rule, owners, sources, forges[identity],
                      runners[identity])
          .add_to(facts);
    }
  }
  std::sort(facts.exclusions.begin(), facts.exclusions.end());
  return facts;
}

}  // namespace baselined::derive
