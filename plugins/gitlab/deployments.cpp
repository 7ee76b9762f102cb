#include "deployments.h"

#include <map>
#include <set>
#include <string>

#include "gone.h"
#include "kept.h"
#include "known.h"
#include "streams.h"

namespace baselined::gitlab {
namespace {

// GitLab links merge requests to a deployment in a job of its own, after the deployment ended.
constexpr std::int64_t kLinkedAfterUs = 600'000'000;

// How a deployment ended, in the words of deployment_status/1. "skipped" never began.
std::optional<std::string_view> end_of(std::string_view status) {
  if (status == "success") {
    return "success";
  }
  if (status == "failed") {
    return "failure";
  }
  if (status == "canceled" || status == "skipped") {
    return "cancelled";
  }
  return std::nullopt;
}

bool may_end(std::string_view status) {
  return status == "created" || status == "running" || status == "blocked";
}

// A state that is not documented may be an end or not: it is told, and the deployment stays open.
bool is_known(std::string_view status) { return end_of(status) || may_end(status); }

std::optional<std::string_view> class_of(std::string_view tier) {
  for (const std::string_view known : {"production", "staging", "development", "other"}) {
    if (tier == known) {
      return known;
    }
  }
  return tier == "testing" ? std::optional<std::string_view>("test") : std::nullopt;
}

// What GitLab takes an environment for. Before version 17 only the list of environments says so.
class Tiers {
 public:
  explicit Tiers(Task& task) : task_(task) {}

  std::optional<std::string_view> of(const Item& environment) {
    if (const auto tier = environment.text_if("tier")) {
      return class_of(*tier);
    }
    const std::int64_t id = environment.integer("id");
    if (!is_read_) {
      read();
    }
    const auto found = tiers_.find(id);
    return found == tiers_.end() ? std::nullopt : class_of(found->second);
  }
  // Why it has none, where GitLab may have one.
  std::string problem(const Item& environment) const {
    return environment.has("tier") ? std::string() : refused_;
  }

 private:
  void read() {
    is_read_ = true;
    try {
      task_.api.for_each(task_.project.url("environments?per_page=100"),
                         [this](const boost::json::value& value) {
                           const Item item(value);
                           if (const auto tier = item.text_if("tier")) {
                             tiers_[item.integer("id")] = std::string(*tier);
                           }
                         });
    } catch (const HttpFailure& failure) {  // then the environment's name decides
      refused_ =
          "its class is missing: environments: HTTP " + std::to_string(failure.http_status());
    }
  }

  Task& task_;
  bool is_read_ = false;
  std::map<std::int64_t, std::string> tiers_;
  std::string refused_;
};

// What tells one deployment from all others; as the open set holds one that has just ended,
// "557/57/live".
struct Identity {
  std::string id;      // of all of GitLab: its address
  std::string number;  // in its project: its name in the records
  std::string environment;

  std::string about() const { return "/" + number + "/" + environment; }
  std::string key() const { return id + about(); }
  // Nothing: a number alone, of one that has not ended.
  static std::optional<Identity> parse(const std::string& key) {
    const std::size_t first = key.find('/');
    const std::size_t second = first == key.npos ? key.npos : key.find('/', first + 1);
    if (second == key.npos) {
      return std::nullopt;
    }
    return Identity{key.substr(0, first), key.substr(first + 1, second - first - 1),
                    key.substr(second + 1)};
  }
};

class Deployment {
 public:
  Deployment(Task& task, Known& known, Tiers& tiers, const Item& item)
      : task_(task),
        known_(known),
        item_(item),
        environment_(item.object("environment")),
        identity_{std::to_string(item.integer("id")), std::to_string(item.integer("iid")),
                  std::string(environment_.text("name"))},
        status_(item.text("status")),
        job_(item.object_if("deployable")) {
    class_ = tiers.of(environment_);
    problem_ = tiers.problem(environment_);
  }

  const Identity& identity() const { return identity_; }

  // What is missing is named at the end.
  void emit() {
    const auto job = job_ ? std::optional(std::to_string(job_->integer("id"))) : std::nullopt;
    const Time created_at = item_.time("created_at");
    const auto started_at = job_ ? job_->time_if("started_at") : std::nullopt;
    const auto finished_at = job_ ? job_->time_if("finished_at") : std::nullopt;
    task_.run.emit(kDeployments, {origin(), identity_.number, identity_.environment, origin(),
                                  item_.sha("sha"), item_.text_if("ref"), class_, created_at, job});
    known_.add(item_.integer("id"), identity_.about(), created_at);
    emit_state("queued", std::nullopt, created_at, false);
    if (started_at) {
      emit_state("in_progress", std::nullopt, *started_at, false);
    }
    // An update may be later than the end, and is the only time that one without a job has.
    const Time ended_at = finished_at.value_or(item_.time_if("updated_at").value_or(created_at));
    if (const auto end = end_of(status_)) {
      emit_state(*end, status_, ended_at, !finished_at);
    }
    if (!is_known(status_)) {
      task_.run.info(task_.project.path + ": deployment " + identity_.number +
                     " is in a state that is not known, " + std::string(status_) +
                     ": it counts as not ended");
    }
    task_.set_open(identity_.number, !end_of(status_));
    task_.set_open(identity_.key(),
                   status_ == "success" && now().us < ended_at.us + kLinkedAfterUs);
    if (status_ == "success") {
      emit_changes();
    }
    if (!problem_.empty()) {
      throw Malformed(problem_);
    }
  }

 private:
  std::string_view origin() const { return task_.project.identity; }
  Time now() const { return task_.api.server_time().value_or(task_.run.now()); }

  void emit_state(std::string_view state, std::optional<std::string_view> original, Time at,
                  bool is_guess) {
    task_.run.emit(kDeploymentStatuses, {origin(), identity_.number, identity_.environment, state,
                                         state, original, at, is_guess});
  }

  void emit_changes() {
    task_.api.for_each(
        task_.project.url("deployments/" + identity_.id + "/merge_requests?per_page=100"),
        [this](const boost::json::value& value) {
          const Item change(value);
          if (change.integer("project_id") == task_.project.id) {
            task_.run.emit(kDeploymentChanges, {origin(), identity_.number, identity_.environment,
                                                origin(), std::to_string(change.integer("iid"))});
          }
        });
  }

  Task& task_;
  Known& known_;
  const Item item_;
  const Item environment_;
  const Identity identity_;
  const std::string_view status_;
  const std::optional<Item> job_;
  std::optional<std::string_view> class_;
  std::string problem_;
};

class Deployments {
 public:
  explicit Deployments(Task& task)
      : task_(task), known_(task.run, kDeploymentStatuses, task.project.identity), tiers_(task) {
    task_.keep(known_);
    if (task.options.commits) {
      heads_.emplace(task.run, kCommits, task.project.identity);
      task_.keep(*heads_);
    }
  }

  void take(const Item& item) {
    if (heads_ && item.text("status") == "success") {
      heads_->add(std::string(item.sha("sha")));
    }
    Deployment deployment(task_, known_, tiers_, item);
    taken_.insert(deployment.identity().key());
    unless_gone(deployment.identity(), [&] { deployment.emit(); });
  }

  // Those that had just ended when they were read.
  void ask_again(Skipped& skipped) {
    for (const std::string& key : task_.open_ids()) {
      const auto ended = Identity::parse(key);
      if (!ended || taken_.contains(key)) {
        continue;
      }
      unless_gone(*ended, [&] {
        const boost::json::value value = task_.api.get(url(*ended));
        const auto emit = [&](const Item& item) { Deployment(task_, known_, tiers_, item).emit(); };
        Task::take_or_skip(value, emit, skipped);
      });
    }
  }

  void remove_gone() {
    Remembered remembered;
    remembered.list = remembered.key = "deployments";
    remembered.has = [](const Known::Entry&) { return true; };
    remembered.is_aged = remembered.stays = [](const Known::Entry&) { return false; };
    remembered.remove = [this](std::int64_t id, const Known::Entry& entry) {
      if (const auto identity = Identity::parse(std::to_string(id) + entry.about)) {
        remove(*identity);
      }
      known_.remove(id, entry.day);
    };
    gitlab::remove_gone(task_, known_, remembered);
  }

 private:
  std::string url(const Identity& identity) const {
    return task_.project.url("deployments/" + identity.id);
  }

  template <class Body>
  void unless_gone(const Identity& identity, const Body& body) {
    try {
      body();
    } catch (const HttpFailure& failure) {
      if (!task_.is_gone(failure, url(identity))) {
        throw;
      }
      remove(identity);
    }
  }

  void remove(const Identity& identity) {
    task_.run.remove(kDeployments, {task_.project.identity, identity.number, identity.environment});
    task_.set_open(identity.number, false);
    task_.set_open(identity.key(), false);
  }

  Task& task_;
  Known known_;
  std::optional<KeptSet> heads_;  // commits to be collected
  Tiers tiers_;
  std::set<std::string> taken_;  // in this run
};

}  // namespace

void collect_deployments(Task& task) {
  const List list{"deployments",
                  "deployments",
                  task.project.url("deployments"),
                  {kDeployments, kDeploymentStatuses, kDeploymentChanges}};
  Deployments deployments(task);
  task.read(
      list, [&](const Item& item) { deployments.take(item); },
      [&](Position& position) { deployments.ask_again(position.skipped); });
  deployments.remove_gone();
}

}  // namespace baselined::gitlab
