// The timeline that people keep of an incident: when its impact began, when somebody took it on,
// and when the impact was over. Only GraphQL tells of it.
//
// Ownership: refers to the task, which must outlive it. Threads: the run's.
// Errors: those of the run that end all of it. What GitLab refuses or does not answer, and an
// answer that makes no sense, is problem(): the incident is taken without a timeline. It is asked
// for again in the next runs: until it is answered, but only once where its answer made no sense.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kept.h"
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
  explicit Timelines(Task& task);

  // Of this issue. Nothing: there is a problem.
  std::optional<Timeline> of(const Item& issue);
  // Of the one before.
  const std::string& problem() const { return problem_; }
  // It has none.
  void forget(std::int64_t number);
  // Takes issues whose timelines were missing when the run began; some of them in each run.
  void take_again(const Task::Take& take, Position& position);

 private:
  std::optional<Timeline> try_to_read(std::int64_t issue);
  Timeline read(std::int64_t issue);
  std::string why(bl_status status) const;
  std::string url() const;
  boost::json::value ask(std::int64_t issue, const std::string& after);

  Task& task_;
  KeptSet missing_;              // numbers of issues
  std::set<std::string> again_;  // of them, those that are to be asked for
  bool is_refused_ = false;      // the others are not asked for in this run
  bool makes_no_sense_ = false;  // the answer of the one before
  bool has_none_ = false;        // this version of GitLab
  std::string problem_;
};

}  // namespace baselined::gitlab
