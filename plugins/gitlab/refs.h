// Tags and branches of a project: each list is read whole, and compared with what it was.
//
// Ownership: refers to the task. Threads: the run's. Errors: those of the API; Malformed where a
// list is not of the form that GitLab documents.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "kept.h"
#include "task.h"

namespace baselined::gitlab {

class Refs {
 public:
  // A commit that a ref leads to since now. is_main: by the default branch.
  using Head = std::function<void(std::string_view sha, bool is_main)>;

  Refs(Task& task, Head head);
  void read_branches() { read("branch", "branches"); }
  void read_tags() { read("tag", "tags"); }

 private:
  void read(std::string_view kind, std::string_view list);

  Task& task_;
  Head head_;
  KeptSet known_;  // "tag v1.2.0 <target>": of names that git allows none has a space
};

}  // namespace baselined::gitlab
