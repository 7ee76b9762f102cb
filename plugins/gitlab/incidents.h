// Incidents: issues of that type, or with a label that means one; their events and what they say
// caused and ended them.
#pragma once

#include "task.h"

namespace baselined::gitlab {

void collect_incidents(Task& task);

}  // namespace baselined::gitlab
