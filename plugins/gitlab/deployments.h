// Deployments, their states, and the merge requests that GitLab knows to be in them.
#pragma once

#include "task.h"

namespace baselined::gitlab {

void collect_deployments(Task& task);

}  // namespace baselined::gitlab
