// Commits and refs, for a repository that no collector git reads: all that tags, branches and
// deployments lead to, to the beginning. Threads: the run's.
#pragma once

#include "task.h"

namespace baselined::gitlab {

void collect_commits(Task& task);

}  // namespace baselined::gitlab
