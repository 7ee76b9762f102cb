// What this process may do, decided before any code of a plugin runs (a plugin's constructors run
// when it is loaded).
//
// Today: resource limits, no new privileges, not dumpable, and death with the daemon. What keeps a
// plugin from files and sockets (Landlock, seccomp) is not here yet; it belongs into apply(), which
// is why every mode of the worker calls it first. The README says what that means.
// Threads: apply() before any thread is started. It cannot be undone.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "daemon/base/result.h"

namespace baselined::worker {

struct Limits {
  std::uint64_t max_memory_bytes = 0;  // of address space; 0: none. Not under a sanitizer
  std::uint64_t max_cpu_seconds = 0;   // 0: none
  std::uint64_t max_file_bytes = 0;    // of a file that is written
};

class Sandbox {
 public:
  // `parent` is getppid() from the start of main. Errors: internal, naming the call that failed.
  static Status apply(const Limits& limits, pid_t parent);
};

}  // namespace baselined::worker
