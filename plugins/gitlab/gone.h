// What was deleted in GitLab, of which no list of updates tells: about once a week all numbers of a
// list are asked for, a hundred at a time and some of them in each run. What is not answered is
// asked for by itself, and removed if it is not found.
//
// Threads: the run's. Errors: those of the API.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "task.h"

namespace baselined::gitlab {

struct Numbered {
  std::string list;      // "merge_requests": its items have numbers from 1 on in their project
  std::uint32_t stream;  // whose open set has them
  std::function<void(std::int64_t number)> remove;  // if it was collected
};

// After the list was read.
void remove_gone(Task& task, const Numbered& numbered);

}  // namespace baselined::gitlab
