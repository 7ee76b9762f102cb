// Merge requests: changes, their commits and their events.
#pragma once

#include "task.h"

namespace baselined::gitlab {

void collect_merge_requests(Task& task);

}  // namespace baselined::gitlab
