#include "timeline.h"

#include <algorithm>
#include <baselined/pages.hpp>
#include <map>
#include <set>

#include "streams.h"

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

// Of 100 events each, which people write by hand.
constexpr int kMaxPages = 100;
// In a run and project: one incident may have something that is not answered; more, and it is
// GraphQL, or GitLab.
constexpr int kMostUnanswered = 2;
constexpr int kMostUnansweredOfAll = 6;  // of all projects: each may cost a time-out
constexpr const char* kUnanswered = "GitLab did not answer, or with HTTP 5xx";
constexpr const char* kNotAsked = "GraphQL did not answer others in the same run";
constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::string_view kMore = "more";  // than are remembered
constexpr std::size_t kAgain = 20;          // issues, in a run: three requests each
// Issues that are remembered, which each barrier writes.
constexpr std::size_t kMostMissing = 1000;

constexpr std::string_view kQuery =
    "query($project: ID!, $incident: IssueID!, $after: String) { project(fullPath: $project) {"
    " incidentManagementTimelineEvents(incidentId: $incident, first: 100, after: $after) {"
    " nodes { id action occurredAt note timelineEventTags { nodes { name } } }"
    " pageInfo { hasNextPage endCursor } } } }";

// An issue may stay open after its incident ended. "Impact detected" and "Cause identified" have no
// kind.
std::optional<std::string_view> kind_of(std::string_view tag) {
  if (tag == "Response initiated") {
    return "acknowledged";
  }
  return tag == "Impact mitigated" || tag == "End time"
             ? std::optional<std::string_view>("mitigated")
             : std::nullopt;
}

// "@ada changed the incident status to **Acknowledged**", as GitLab itself writes.
bool is_acknowledgement(const Item& event) {
  return event.text("action") == "status" &&
         event.text("note").ends_with("changed the incident status to **Acknowledged**");
}

// The number of "gid://gitlab/IncidentManagement::TimelineEvent/132".
std::string_view number_of(std::string_view id) {
  id.remove_prefix(id.rfind('/') + 1);
  if (id.empty() || id.find_first_not_of("0123456789") != id.npos) {
    throw Malformed("id: no global id");
  }
  return id;
}

void add(const Item& event, Timeline& timeline) {
  const Time at = event.time("occurredAt");
  std::set<std::string_view> kinds;
  if (is_acknowledgement(event)) {
    kinds.insert("acknowledged");
  }
  for (const json::value& value : event.object("timelineEventTags").array("nodes")) {
    const std::string_view tag = Item(value).text("name");
    if (tag == "Start time") {
      timeline.began_at = std::min(timeline.began_at.value_or(at), at);
    } else if (const auto kind = kind_of(tag)) {
      kinds.insert(*kind);
    }
  }
  const std::string id = "timeline-" + std::string(number_of(event.text("id"))) + "-";
  for (const std::string_view kind : kinds) {
    timeline.events.push_back({id + std::string(kind), kind, at});
  }
}

// Versions without such timelines, or without their tags. Where a field is unknown, the variables
// in it are said to be unused.
bool is_unknown_field(const json::array& errors) {
  return std::any_of(errors.begin(), errors.end(), [](const json::value& value) {
    const auto more = Item(value).object_if("extensions");
    return more && more->text_if("code") == "undefinedField";
  });
}

}  // namespace

Timelines::Timelines(Task& task)
    : task_(task), missing_(task.run, kIncidentEvents, task.project.identity) {
  task_.keep(missing_);
  again_ = missing_.keys();
  again_.erase(std::string(kMore));
}

std::optional<Timeline> Timelines::of(const Item& issue) {
  const std::string number = std::to_string(issue.integer("iid"));
  const bool was_missing = missing_.keys().contains(number);
  again_.erase(number);
  nonsense_.clear();
  std::optional<Timeline> timeline;
  if (!is_given_up()) {
    timeline = try_to_read(issue.integer("id"));
  }
  if (timeline && is_ahead(*timeline)) {
    timeline.reset();
    why_ = "#" + number + " has an event in the future";
  }
  if (timeline || (!nonsense_.empty() && was_missing)) {
    missing_.remove(number);
  } else {
    const bool has_room = was_missing || missing_.keys().size() < kMostMissing;
    missing_.add(has_room ? number : std::string(kMore));
  }
  return timeline;
}

// Where GraphQL has answered nobody in this run, or not often enough, it is not asked once more for
// each project.
bool Timelines::is_given_up() {
  const int most = task_.api.has_answered_post() ? kMostUnansweredOfAll : kMostUnanswered;
  if (!is_refused_ && task_.api.n_unanswered_posts() >= most) {
    is_refused_ = true;
    why_ = kNotAsked;
  }
  return is_refused_;
}

std::optional<Timeline> Timelines::try_to_read(std::int64_t issue) {
  try {
    if (has_none_) {
      return Timeline{};
    }
    auto timeline = read(issue);
    if (timeline) {
      task_.api.note_post(true);
    } else {
      note_unanswered("GraphQL answers with an error");
    }
    return timeline;
  } catch (const HttpFailure& failure) {
    is_refused_ = true;
    why_ = "HTTP " + std::to_string(failure.http_status());
  } catch (const Failure& failure) {
    note(failure.status());
  } catch (const Malformed& malformed) {
    nonsense_ = std::string("timeline: ") + malformed.what();
  }
  return std::nullopt;
}

// Inside of a catch, which others leave. A token that is good for nothing ends the run with the
// next request.
void Timelines::note(bl_status status) {
  if (status == BL_ERR_TRANSIENT) {
    note_unanswered(kUnanswered);
  } else if (status == BL_ERR_AUTH) {
    is_refused_ = true;
    why_ = "HTTP 401";
  } else if (status == BL_ERR_DATA) {
    is_refused_ = true;
    why_ = "no answer that can be used from " + url() + ": is base_url where GitLab says it is?";
  } else {
    throw;
  }
}

void Timelines::note_unanswered(const std::string& why) {
  task_.api.note_post(false);
  is_refused_ = ++n_unanswered_ >= kMostUnanswered;
  why_ = why;
}

// A year that was mistyped, say: the incident would have ended in no window that anybody looks at.
bool Timelines::is_ahead(const Timeline& timeline) const {
  const Time now = task_.now();
  const auto is_later = [now](Time at) { return at.us > now.us + kMinuteUs; };
  return (timeline.began_at && is_later(*timeline.began_at)) ||
         std::any_of(timeline.events.begin(), timeline.events.end(),
                     [&](const IncidentEvent& event) { return is_later(event.at); });
}

std::string Timelines::lack() const {
  if (missing_.keys().empty()) {
    return {};
  }
  const bool are_more = missing_.keys().contains(std::string(kMore));
  const std::size_t n_known = missing_.keys().size() - (are_more ? 1 : 0);
  return "timelines of incidents that are missing: " + std::string(are_more ? "more than " : "") +
         std::to_string(n_known) + (why_.empty() ? "" : ", " + why_);
}

void Timelines::forget(std::int64_t number) {
  again_.erase(std::to_string(number));
  missing_.remove(std::to_string(number));
}

void Timelines::forget_all() {
  again_.clear();
  missing_.clear();
}

void Timelines::leave(Task& task, const std::string& identity) {
  task.run.open_set_put(kIncidentEvents, identity, std::vector<std::string>());
}

// After the one that was the last, so that a few which are never answered hold up no others.
std::vector<std::string> Timelines::next_ones(const std::string& last) const {
  std::vector<std::string> numbers(again_.upper_bound(last), again_.end());
  numbers.insert(numbers.end(), again_.begin(), again_.upper_bound(last));
  numbers.resize(std::min(numbers.size(), kAgain));
  return numbers;
}

// One that is not in the list any more is found by the search for what was deleted. One without an
// id stays missing: as skipped nothing would ever take it back.
void Timelines::take_again(const Task::Take& take, Position& position) {
  const std::vector<std::string> numbers = next_ones(position.again);
  if (numbers.empty() || is_given_up()) {
    return;
  }
  std::string question = task_.project.url("issues?scope=all&state=all&per_page=100");
  for (const std::string& number : numbers) {
    question += "&iids%5B%5D=" + number;
  }
  std::map<std::string, json::value> issues;
  for (const json::value& value : task_.api.page(question, 1).items) {
    if (number_of(value, "id") != 0) {
      issues[std::to_string(number_of(value, "iid"))] = value;
    }
  }
  int n_passed = 0;
  for (const std::string& number : numbers) {
    if (is_given_up() || n_passed >= kMostUnanswered) {
      return;
    }
    position.again = number;
    const auto issue = issues.find(number);
    if (issue != issues.end() && !task_.take_or_pass(issue->second, take, position)) {
      missing_.add(number);  // whatever of it is: an update may never come
      ++n_passed;
    }
    task_.commit(position.text());  // a scope that an item began ends with it
  }
}

// Nothing: an error, which may be of the moment. GitLab has no code that tells.
std::optional<Timeline> Timelines::read(std::int64_t issue) {
  Timeline timeline;
  std::string after;
  for (int page = 0; page < kMaxPages; ++page) {
    const json::value answer = ask(issue, after);
    const Item body(answer);
    if (body.has("errors")) {
      has_none_ = is_unknown_field(body.array("errors"));
      if (!has_none_) {
        return std::nullopt;
      }
      task_.run.warn(task_.project.path +
                     ": this version of GitLab has no timelines with tags: "
                     "incidents end when they are closed");
      return timeline;
    }
    const Item events =
        body.object("data").object("project").object("incidentManagementTimelineEvents");
    for (const json::value& value : events.array("nodes")) {
      add(Item(value), timeline);
    }
    const Item info = events.object("pageInfo");
    if (!info.boolean_if("hasNextPage").value_or(false)) {
      return timeline;
    }
    after = std::string(info.text("endCursor"));
  }
  throw Malformed("more pages than there can be");
}

std::string Timelines::url() const {
  if (task_.project.root.empty()) {
    throw Malformed("GitLab does not say where it is, in web_url");
  }
  return task_.project.root + "/api/graphql";
}

json::value Timelines::ask(std::int64_t issue, const std::string& after) {
  json::object variables{{"project", task_.project.path},
                         {"incident", "gid://gitlab/Issue/" + std::to_string(issue)}};
  if (!after.empty()) {
    variables["after"] = after;
  }
  const json::object body{{"query", kQuery}, {"variables", std::move(variables)}};
  return task_.api.post(url(), json::serialize(body));
}

}  // namespace baselined::gitlab
