#include "deployments.h"

#include <map>
#include <string>

#include "streams.h"

namespace baselined::gitlab {
namespace {

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
    } catch (const HttpFailure&) {  // then the environment's name decides
    }
  }

  Task& task_;
  bool is_read_ = false;
  std::map<std::int64_t, std::string> tiers_;
};

class Deployment {
 public:
  Deployment(Task& task, Tiers& tiers, const Item& item)
      : task_(task),
        item_(item),
        number_(std::to_string(item.integer("iid"))),
        environment_(item.object("environment")),
        status_(item.text("status")),
        job_(item.object_if("deployable")) {
    class_ = tiers.of(environment_);
  }

  void emit() {
    const auto job = job_ ? std::optional(std::to_string(job_->integer("id"))) : std::nullopt;
    const Time created_at = item_.time("created_at");
    const auto started_at = job_ ? job_->time_if("started_at") : std::nullopt;
    const auto finished_at = job_ ? job_->time_if("finished_at") : std::nullopt;
    task_.run.emit(kDeployments, {origin(), number_, environment_.text("name"), origin(),
                                  item_.sha("sha"), item_.text_if("ref"), class_, created_at, job});
    emit_state("queued", std::nullopt, created_at, false);
    if (started_at) {
      emit_state("in_progress", std::nullopt, *started_at, false);
    }
    if (const auto end = end_of(status_)) {
      // An update may be later than the end, and is the only time that one without a job has.
      const auto updated_at = item_.time_if("updated_at");
      emit_state(*end, status_, finished_at.value_or(updated_at.value_or(created_at)),
                 !finished_at);
    }
    if (!is_known(status_)) {
      task_.run.info(task_.project.path + ": deployment " + number_ +
                     " is in a state that is not known, " + std::string(status_) +
                     ": it counts as not ended");
    }
    task_.set_open(number_, !end_of(status_));
    if (status_ == "success") {
      emit_changes();
    }
  }

 private:
  std::string_view origin() const { return task_.project.identity; }

  void emit_state(std::string_view state, std::optional<std::string_view> original, Time at,
                  bool is_guess) {
    task_.run.emit(kDeploymentStatuses, {origin(), number_, environment_.text("name"), state, state,
                                         original, at, is_guess});
  }

  void emit_changes() {
    task_.api.for_each(task_.project.url("deployments/" + std::to_string(item_.integer("id")) +
                                         "/merge_requests?per_page=100"),
                       [this](const boost::json::value& value) {
                         const Item change(value);
                         if (change.integer("project_id") == task_.project.id) {
                           task_.run.emit(kDeploymentChanges,
                                          {origin(), number_, environment_.text("name"), origin(),
                                           std::to_string(change.integer("iid"))});
                         }
                       });
  }

  Task& task_;
  const Item item_;
  const std::string number_;
  const Item environment_;
  const std::string_view status_;
  const std::optional<Item> job_;
  std::optional<std::string_view> class_;
};

}  // namespace

void collect_deployments(Task& task) {
  const List list{"deployments",
                  "deployments",
                  task.project.url("deployments"),
                  {kDeployments, kDeploymentStatuses, kDeploymentChanges}};
  Tiers tiers(task);
  task.read(list, [&](const Item& item) { Deployment(task, tiers, item).emit(); });
}

}  // namespace baselined::gitlab
