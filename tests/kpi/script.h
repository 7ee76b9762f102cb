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
  std::vector<std::string> tags;
  std::vector<std::string> branches;
  std::vector<std::string> environments;
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

struct Change {  // a merge request
  std::string number;
  UtcTime opened_at;
  std::optional<UtcTime> merged_at;
  std::string commit;  // that it became
  bool is_bot = false;
};

struct ChangeEvent {
  std::string number;
  std::string kind;  // of change_event/1, or "authored": one of its commits
  UtcTime at;
  bool is_author = false;
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
  std::variant<Service, Repository, Commit, Ref, Deployment, Change, ChangeEvent, Coverage,
               Question>
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
