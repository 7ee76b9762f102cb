// Where the program finds its own parts: the worker beside itself or in <prefix>/lib/baselined, and
// the plugins that are installed with it.
// Threads: pure functions.
#pragma once

#include <filesystem>

#include "daemon/base/result.h"

namespace baselined {

// Errors: internal, when no worker is where an installation has it.
Result<std::filesystem::path> worker_program();

}  // namespace baselined
