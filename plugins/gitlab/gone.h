// What was deleted in GitLab, of which no list of updates tells: about once a week a whole list is
// asked for, a hundred items at a time and some of them in each run. What should be in it and is
// not, is asked for by itself, and removed if it is not found.
//
// Threads: the run's. Errors: those of the API.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "known.h"
#include "task.h"

namespace baselined::gitlab {

// A list whose items have numbers from 1 on in their project, and may be asked for by them.
struct Numbered {
  std::string list;                                 // "merge_requests"
  std::function<void(std::int64_t number)> remove;  // if it was collected
  std::int64_t highest = 0;                         // that was collected: it may be gone
};

// A list whose items have numbers in all of GitLab: what is not known is another project's.
struct Remembered {
  std::string list;    // "pipelines"
  std::string key;     // of its cursor
  std::string filter;  // of the list: "&source=parent_pipeline"
  // Of what is known, the list has only some.
  std::function<bool(const Known::Entry& entry)> has;
  // Older than the oldest that is there: whether it was deleted for its age. Then it stays, because
  // it happened.
  std::function<bool(const Known::Entry& entry)> is_aged;
  // It is not found: whether it stays nevertheless.
  std::function<bool(const Known::Entry& entry)> stays;
  std::function<void(std::int64_t id, const Known::Entry& entry)> remove;
};

// After the list was read. False: the search goes on in the next run.
bool remove_gone(Task& task, const Numbered& numbered);
bool remove_gone(Task& task, Known& known, const Remembered& remembered);

}  // namespace baselined::gitlab
