// What this process may do, decided before any code of a plugin runs (a plugin's constructors run
// when it is loaded).
//
// Resource limits, death with the daemon, no new privileges, not dumpable, no capabilities; then
// Landlock (which files) and seccomp (which system calls), each where the kernel has it. What is
// left in place, and why, is in the README. Threads: apply() before any thread is started. It
// cannot be undone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/wire/messages.h"

namespace baselined::worker {

struct Limits {
  std::uint64_t max_memory_bytes = 0;  // of address space; 0: none. Not under a sanitizer
  std::uint64_t max_cpu_seconds = 0;   // 0: none
  std::uint64_t max_file_bytes = 0;    // of a file that is written
};

struct Grants {
  std::uint32_t capabilities = 0;  // BL_CAP_*
  std::vector<std::string> read;   // paths and patterns; count with BL_CAP_FS_READ
};

struct SandboxRequest {
  pid_t parent = 0;  // getppid() from the start of main
  int channel = -1;  // the daemon's socket
  Limits limits;
  Grants grants;
  bool is_required = false;  // refuse to run below SandboxLevel::full
};

// What is in force. Errors: config where more is required than the kernel has, internal for a call
// that failed.
Result<wire::Confinement> apply_sandbox(const SandboxRequest& request);

}  // namespace baselined::worker
