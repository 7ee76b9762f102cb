// The table of functions that a plugin calls: each finds its RunSession and calls it.
// Threads: static, immutable.
#pragma once

#include <baselined/plugin.h>

namespace baselined::worker {

const bl_host& host_table();

}  // namespace baselined::worker
