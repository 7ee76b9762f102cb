// Pipelines and their jobs.
#pragma once

#include "task.h"

namespace baselined::gitlab {

void collect_pipelines(Task& task);

}  // namespace baselined::gitlab
