// One collection in this process, from the first frame to the last.
// Threads: the caller's; a plugin may start more.
#pragma once

#include <baselined/plugin.h>

#include "daemon/base/result.h"

namespace baselined::worker {

// Where the daemon puts what it shares with a worker.
constexpr int kChannelDescriptor = 3;
constexpr int kCancelDescriptor = 4;

// Hello, Start, create, collect, destroy, Done. How the run went is told to the daemon; an error is
// that it could not be told: the daemon is gone, refused, or does not follow the protocol.
Status run_plugin(const bl_plugin& plugin, int channel_descriptor, int cancel_descriptor);

}  // namespace baselined::worker
