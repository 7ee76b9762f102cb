// Loads a plugin from its file. Only the worker does this; the daemon reads manifests.
//
// Ownership: a plugin that was loaded stays loaded until the process ends: unloading C++ is unsafe.
// Threads: one call per process, before other threads are started.
#pragma once

#include <baselined/plugin.h>

#include <string>

#include "daemon/base/result.h"

namespace baselined::worker {

// Refuses a file that someone else could have changed, loads it, finds the entry symbol and checks
// the descriptor. Errors: config, naming the file and what is wrong with it.
Result<const bl_plugin*> load_plugin(const std::string& file);

}  // namespace baselined::worker
