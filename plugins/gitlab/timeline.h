// The timeline that people keep of an incident: when its impact began, when somebody took it on,
// and when the impact was over. Only GraphQL tells of it.
//
// Ownership: refers to the task, which must outlive it. Threads: the run's.
// Errors: a Failure that ends the list, where GitLab does not answer. What it refuses, and an
// answer that makes no sense, is problem(): the incident is taken without a timeline.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "task.h"

namespace baselined::gitlab {

struct IncidentEvent {
  std::string id;
  std::string_view kind;  // in the words of incident_event/1
  Time at;
};

struct Timeline {
  std::optional<Time> began_at;
  std::vector<IncidentEvent> events;
};

class Timelines {
 public:
  explicit Timelines(Task& task) : task_(task) {}

  // Of the issue with this id. Nothing where none is asked for, or where there is a problem.
  std::optional<Timeline> of(std::int64_t issue);
  // Of the one before.
  const std::string& problem() const { return problem_; }

 private:
  Timeline read(std::int64_t issue);
  std::string url() const;
  boost::json::value ask(std::int64_t issue, const std::string& after);

  Task& task_;
  bool is_refused_ = false;
  bool has_none_ = false;  // this version of GitLab
  std::string problem_;
};

}  // namespace baselined::gitlab
