// What the process may ask of the kernel, by seccomp: a list of what is allowed, everything else
// fails with EPERM (a plugin can say so), or kills where it comes through another architecture's
// door.
//
// Landlock does not know metadata (chmod, chown, times), signals, scheduling and, on older kernels,
// truncate and sockets: those are closed here.
// Threads: apply() before any thread is started. It cannot be undone.
#pragma once

#include "daemon/base/result.h"

namespace baselined::worker {

// Beyond what every plugin may.
struct SyscallGrants {
  bool threads = false;
  bool exec = false;     // child processes
  bool network = false;  // sockets of its own, IPv4 and IPv6, outgoing
};

// Needs no_new_privs. `channel` is the descriptor of the daemon's socket.
// Errors: unsupported where the kernel has no seccomp, internal for the rest.
Status apply_syscall_filter(const SyscallGrants& grants, int channel);

}  // namespace baselined::worker
