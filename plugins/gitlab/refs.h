// Tags and branches of a project: each list is read whole, and compared with what it was.
//
// Ownership: refers to the task. Threads: the run's. Errors: those of the API; Malformed where a
// list is not of the form that GitLab documents.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kept.h"
#include "task.h"

namespace baselined::gitlab {

class Refs {
 public:
  // A commit that a ref leads to since now. is_main: by the default branch.
  using Head = std::function<void(std::string_view sha, bool is_main)>;

  using Barrier = std::function<void()>;

  Refs(Task& task, Head head, Barrier barrier);
  // False: of what is missing some must be asked for by the next one.
  bool read_branches() { return read("branch", "branches"); }
  bool read_tags() { return read("tag", "tags"); }

  // As its list has it.
  struct Ref {
    std::string target;
    std::string sha;
    std::optional<Time> tagged_at;
    bool is_main = false;
  };

 private:
  struct Stored {
    std::string key;  // of known_
    std::string kind;
    std::string name;
    std::string target;
  };

  bool read(std::string_view kind, std::string_view list);
  bool remove_gone(std::string_view kind, const std::string& url,
                   const std::map<std::string, Ref>& refs);
  void remove_all(std::vector<Stored>& gone);
  void remove(const Stored& stored);

  Task& task_;
  Head head_;
  Barrier barrier_;
  KeptSet known_;  // "tag v1.2.0 <target>": of names that git allows none has a space
};

}  // namespace baselined::gitlab
