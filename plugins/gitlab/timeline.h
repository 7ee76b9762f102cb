// The timeline that people keep of an incident: when its impact began, when somebody took it on,
// and when the impact was over. Only GraphQL tells of it.
//
// Ownership: refers to the task, which must outlive it. Threads: the run's.
// Errors: those of the run that end all of it. What GitLab refuses, does not answer or answers with
// an error is missing, and so is one with an event in the future: the incident is taken without,
// and it is asked for again in the next runs. Where an answer makes no sense, once. HTTP 429 ends
// the run, as everywhere: a limit of requests is one for all of the host.
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

  // Of this issue. Nothing: it is missing, or nonsense().
  std::optional<Timeline> of(const Item& issue);
  // What was wrong with the one before, if its answer made no sense.
  const std::string& nonsense() const { return nonsense_; }
  // How many are missing, and why; empty: none.
  std::string lack() const;
  // It has none.
  void forget(std::int64_t number);
  // All issues are read: each whose timeline is missing then says so.
  void forget_all();
  // Those that were missing under a name that the project had.
  static void leave(Task& task, const std::string& identity);
  // Takes issues whose timelines were missing when the run began; some of them in each run.
  void take_again(const Task::Take& take, Position& position);

 private:
  bool is_given_up();
  std::optional<Timeline> try_to_read(std::int64_t issue);
  std::optional<Timeline> read(std::int64_t issue);
  bool is_ahead(const Timeline& timeline) const;
  void note(bl_status status);
  void note_unanswered(const std::string& why);
  std::vector<std::string> next_ones(const std::string& last) const;
  std::string url() const;
  boost::json::value ask(std::int64_t issue, const std::string& after);

  Task& task_;
  KeptSet missing_;              // numbers of issues
  std::set<std::string> again_;  // of them, those that are to be asked for
  bool is_refused_ = false;      // the others are not asked for in this run
  int n_unanswered_ = 0;
  std::string why_;        // they are missing
  bool has_none_ = false;  // this version of GitLab
  std::string nonsense_;
};

}  // namespace baselined::gitlab
