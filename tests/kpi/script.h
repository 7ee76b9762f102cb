// A KPI text test, read from its file: a sequence of steps. README.md describes the language.
// Threads: values.
// Errors: config; the message begins with "file:line: ".
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/time.h"

namespace baselined::kpi_text {

struct Service {
  std::string name;
  std::vector<std::string> repositories;
  std::vector<std::string> paths;
  std::vector<std::string> labels;  // of changes
  std::vector<std::string> tags;
  std::vector<std::string> branches;
  std::vector<std::string> environments;
  std::vector<std::string> jobs;
  std::vector<std::string> runs;
  std::vector<std::string> pipelines;
  std::vector<std::string> hotfix_labels;
  bool reverts_are_fixes = false;
  Microseconds lookback = std::chrono::hours(7 * 24);
};

struct Repository {  // what follows belongs to it
  std::string identity;
};

struct Commit {
  std::string name;
  std::optional<UtcTime> committed_at;
  std::vector<std::string> parents;
  bool is_bot = false;
};

struct Paths {  // that a commit touched
  std::string commit;
  std::vector<std::string> paths;
};

struct Ref {
  bool is_tag = true;
  bool is_removed = false;
  std::string name;
  std::string commit;
  std::optional<UtcTime> tagged_at;
};

struct Deployment {  // a state that a forge tells of
  std::string number;
  std::string environment;
  std::string commit;
  std::string state;
  UtcTime at;
  bool is_guess = false;
};

struct CiEnd {  // of a job, or of a run
  bool is_job = true;
  std::string run;
  std::string number;  // of the job, or of the attempt
  std::string name;    // of the job, or the branch of the run
  std::string commit;
  std::string result;
  UtcTime at;
  std::string parent;    // of a run: the one that started it
  std::string pipeline;  // empty: the repository's only one
};

struct Change {  // a merge request
  std::string number;
  UtcTime opened_at;
  std::optional<UtcTime> merged_at;
  std::string commit;  // that it became
  std::vector<std::string> labels;
  std::string reverts;  // the number of another
  bool is_bot = false;
};

struct ChangeEvent {
  std::string number;
  std::string kind;  // of change_event/1, or "authored": one of its commits
  UtcTime at;
  bool is_author = false;
};

struct Incident {
  std::string name;
  UtcTime opened_at;
  std::optional<UtcTime> began_at;
  std::string service;  // that its source names
  bool is_resolved = false;
};

struct IncidentEvent {
  std::string name;
  std::string kind;  // of incident_event/1
  UtcTime at;
};

struct IncidentLink {
  std::string name;
  std::string role;       // of incident_link/1
  std::string refers_to;  // deployment, sha (a commit of the test), tag, change
  std::string what;
  bool is_removed = false;
};

struct Coverage {
  std::vector<std::string> contracts;
  std::optional<UtcTime> from;
  std::optional<UtcTime> until;  // nothing: never read completely
  std::string reason;
};

struct Question {
  std::string kpi;
  std::optional<std::string> service;
  std::string last;  // "28d", else empty
  UtcTime from;      // or the time now, for `last`
  UtcTime to;
  std::vector<std::string> expected;
};

struct Step {
  int line = 0;
  std::variant<Service, Repository, Commit, Paths, Ref, Deployment, CiEnd, Change, ChangeEvent,
               Incident, IncidentEvent, IncidentLink, Coverage, Question>
      what;
};

struct Script {
  std::string zone = "UTC";
  std::vector<Step> steps;
};

Result<Script> read_script(const std::string& file);

// Single spaces between words, none at the ends.
std::string tidy(const std::string& line);

}  // namespace baselined::kpi_text
