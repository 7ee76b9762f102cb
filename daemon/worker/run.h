// One collection in this process, from the first frame to the last.
// Threads: the caller's; a plugin may start more.
#pragma once

#include <baselined/plugin.h>

#include <cstdint>

#include "daemon/base/result.h"
#include "daemon/wire/messages.h"

namespace baselined::worker {

// Where the daemon puts what it shares with a worker: the bytes of the plugin, sealed; and for a
// run a socket and the cancel page.
constexpr int kPluginDescriptor = 3;
constexpr int kChannelDescriptor = 4;
constexpr int kCancelDescriptor = 5;

// What run_plugin() needs beside the plugin.
struct RunContext {
  std::uint32_t granted_capabilities = 0;
  wire::Confinement confinement;
  int own_status = -1;  // /proc/self/status, opened while that was possible; -1: none
};

// Hello, Start, create, collect, destroy, Done. How the run went is told to the daemon; an error is
// that it could not be told: the daemon is gone, refused, or does not follow the protocol.
Status run_plugin(const bl_plugin& plugin, const RunContext& context);

}  // namespace baselined::worker
