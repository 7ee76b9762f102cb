#include "incidents.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gone.h"
#include "streams.h"
#include "timeline.h"
#include "trailers.h"

namespace baselined::gitlab {
namespace {

// "service::shop" among the labels.
std::optional<std::string> service_of(const Item& item) {
  constexpr std::string_view kScope = "service::";
  if (!item.has("labels")) {
    return std::nullopt;
  }
  for (const boost::json::value& label : item.array("labels")) {
    if (label.is_string() && std::string_view(label.get_string()).starts_with(kScope)) {
      return std::string(std::string_view(label.get_string()).substr(kScope.size()));
    }
  }
  return std::nullopt;
}

constexpr std::string_view kGuess = "resolved";  // the event of an end without one

class Incident {
 public:
  Incident(Task& task, Timelines& timelines, const Item& item)
      : task_(task),
        timelines_(timelines),
        item_(item),
        number_(std::to_string(item.integer("iid"))),
        id_(id_of(task.project.identity, number_)),
        is_open_(item.text("state") == "opened") {}

  // What is missing is named at the end.
  void emit() {
    add_states();
    add_timeline();
    const auto severity = item_.text_if("severity");
    const bool is_rated = severity && *severity != "UNKNOWN";
    task_.run.emit(kIncidents, {id_, is_rated ? severity : std::nullopt, service_of(item_),
                                repository(), is_open_ ? "open" : "resolved",
                                item_.texts_if("labels"), item_.time("created_at"), began_at_});
    task_.set_open(number_, is_open_);
    emit_events();
    emit_links();
    if (!problem_.empty()) {
      throw Malformed(problem_);
    }
  }

  // If it was one.
  static void remove(Task& task, std::int64_t number) {
    task.run.remove(kIncidents, {id_of(task.project.identity, std::to_string(number))});
    task.set_open(std::to_string(number), false);
  }

  // They come again under the project's new name, and are one incident each.
  static void remove_all(Task& task, const Position& old) {
    for (std::int64_t number = 1; number <= old.highest_id; ++number) {
      task.run.remove(kIncidents, {id_of(old.identity, std::to_string(number))});
    }
    Timelines::leave(task, old.identity);
  }

 private:
  static std::string id_of(const std::string& identity, const std::string& number) {
    return identity + "#" + number;
  }
  std::string_view repository() const { return task_.project.identity; }
  std::string url(std::string_view what) const {
    return task_.project.url("issues/" + number_ + "/" + std::string(what) + "?per_page=100");
  }

  void add_states() {
    events_.push_back({"triggered", "triggered", item_.time("created_at")});
    bool was_closed = false;
    task_.api.for_each(url("resource_state_events"), [&](const boost::json::value& value) {
      const Item event(value);
      const std::string_view state = event.text("state");
      const std::string name = "state-" + std::to_string(event.integer("id"));
      if (state == "closed") {
        was_closed = true;
        events_.push_back({name, "resolved", event.time("created_at")});
      } else if (state == "reopened") {
        events_.push_back({name, "reopened", event.time("created_at")});
      }
    });
    const auto closed_at = item_.time_if("closed_at");
    if (!is_open_ && !was_closed && closed_at) {
      events_.push_back({std::string(kGuess), "resolved", *closed_at});
    }
  }

  // Only an issue of that type has one. Where none is wanted, what was known of it goes.
  void add_timeline() {
    if (item_.text_if("issue_type") != "incident" || !task_.options.incident_timelines) {
      timelines_.forget(item_.integer("iid"));
      is_complete_ = true;
      return;
    }
    const auto timeline = timelines_.of(item_);
    problem_ = timelines_.nonsense();
    if (timeline) {
      is_complete_ = true;
      began_at_ = timeline->began_at;
      events_.insert(events_.end(), timeline->events.begin(), timeline->events.end());
    }
  }

  // Of an end that nobody told of by then. It may stand outside of the scope, or without one: the
  // states are known where the timeline is not.
  void remove_guess() {
    const bool is_needed = std::any_of(events_.begin(), events_.end(),
                                       [](const IncidentEvent& each) { return each.id == kGuess; });
    if (!is_needed) {
      task_.run.remove(kIncidentEvents, {id_, kGuess});
    }
  }

  // Where all of them are known, the others are none any more.
  void emit_events() {
    if (is_complete_) {
      task_.begin_scope(kIncidentEvents, id_);
    }
    remove_guess();
    for (const IncidentEvent& event : events_) {
      task_.run.emit(kIncidentEvents, {id_, event.id, event.kind, event.at});
    }
  }

  // All of them at once: what was taken out of the description is no link any more.
  void emit_links() {
    for (const Trailer& trailer : parse_trailers(item_.text_if("description").value_or(""))) {
      add_link(trailer.name, trailer.role, {trailer.refers_to, "description"});
    }
    task_.api.for_each(url("closed_by"), [this](const boost::json::value& value) {
      const Item change(value);
      if (change.integer("project_id") == task_.project.id && change.text("state") == "merged") {
        add_link("!" + std::to_string(change.integer("iid")), "fixed_by", {"change", "closed_by"});
      }
    });
    task_.begin_scope(kIncidentLinks, id_);
    for (const auto& [key, link] : links_) {
      const auto& [name, role] = key;
      task_.run.emit(kIncidentLinks, {id_, name, role, link.refers_to, repository(), link.method});
    }
  }

  struct Link {
    std::string_view refers_to;
    std::string_view method;
  };
  // Told twice it is one link still, and the first to tell is its method.
  void add_link(const std::string& name, std::string_view role, const Link& link) {
    links_.try_emplace({name, role}, link);
  }

  Task& task_;
  Timelines& timelines_;
  const Item item_;
  const std::string number_;
  const std::string id_;
  const bool is_open_;
  std::optional<Time> began_at_;
  std::vector<IncidentEvent> events_;
  bool is_complete_ = false;  // of the events
  std::string problem_;
  std::map<std::pair<std::string, std::string_view>, Link> links_;
};

// One that was moved to another project is closed here, and an incident there.
bool is_incident(const Task& task, const Item& item) {
  if (item.has("moved_to_id")) {
    return false;
  }
  if (item.text_if("issue_type") == "incident") {
    return true;
  }
  const std::vector<std::string>& wanted = task.options.incident_labels;
  if (wanted.empty() || !item.has("labels")) {
    return false;
  }
  const boost::json::array& labels = item.array("labels");
  return std::any_of(labels.begin(), labels.end(), [&](const boost::json::value& label) {
    return label.is_string() && std::find(wanted.begin(), wanted.end(),
                                          std::string_view(label.get_string())) != wanted.end();
  });
}

// What options make of an issue that is not updated any more.
std::string rules_of(const Options& options) {
  std::string rules = options.incident_timelines ? "timelines" : "";
  for (const std::string& label :
       std::set<std::string>(options.incident_labels.begin(), options.incident_labels.end())) {
    rules += "\n" + label;
  }
  return rules;
}

}  // namespace

// Of all issues: no list of incidents tells which of them are none any more.
void collect_incidents(Task& task) {
  Timelines timelines(task);
  const List list{"incidents",
                  "issues",
                  task.project.url("issues?scope=all&state=all"),
                  {kIncidents, kIncidentEvents, kIncidentLinks},
                  true,
                  rules_of(task.options),
                  [&task](const Position& old) { Incident::remove_all(task, old); },
                  [&timelines] { timelines.forget_all(); }};
  const auto remove = [&](std::int64_t number) {
    Incident::remove(task, number);
    timelines.forget(number);
  };
  const auto take = [&](const Item& item) {
    const std::int64_t number = item.integer("iid");
    if (!is_incident(task, item)) {
      remove(number);
      return;
    }
    try {
      Incident(task, timelines, item).emit();
    } catch (const HttpFailure& failure) {
      if (!task.is_gone(failure, task.project.url("issues/" + std::to_string(number)))) {
        throw;
      }
      remove(number);
    }
  };
  std::int64_t highest = 0;
  task.read(list, take, [&](Position& position) {
    timelines.take_again(take, position);
    task.lack(timelines.lack());
    highest = position.highest_id;
  });
  remove_gone(task, {"issues", remove, highest});
}

}  // namespace baselined::gitlab
