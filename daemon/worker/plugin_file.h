// Loads a plugin. Only the worker does this; the daemon checks its file and reads manifests.
//
// Ownership: a plugin that was loaded stays loaded until the process ends: unloading C++ is unsafe.
// Threads: one call per process, before other threads are started.
#pragma once

#include <baselined/plugin.h>

#include <string>

#include "daemon/base/result.h"

namespace baselined::worker {

// Loads what is on the descriptor, which it closes, finds the entry symbol and checks the plugin's
// own description. `name` is for messages. Errors: config, naming it and what is wrong with it.
Result<const bl_plugin*> load_plugin(int descriptor, const std::string& name);

}  // namespace baselined::worker
