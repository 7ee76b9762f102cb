// What the process may read, by Landlock: exactly the granted paths and what every program needs.
//
// Everything that the kernel's level of Landlock knows is taken away (writing, making, removing,
// renaming, TCP, signals to others, ...); reading is given back below the granted paths. Files that
// are open already stay open.
// Threads: apply() before any thread is started. It cannot be undone.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/result.h"

namespace baselined::worker {

struct FileGrants {
  std::vector<std::string>
      read;              // absolute; * and ? are expanded. What is not there is passed over
  bool exec = false;     // the system's programs may be started
  bool network = false;  // what a resolver and TLS read; TCP connections
};

// The kernel's level of Landlock: 1 and up; 0 where it has none, or it is turned off.
int landlock_level();

// Needs landlock_level() > 0 and no_new_privs. Errors: internal, naming the call that failed.
Status apply_landlock(const FileGrants& grants);

}  // namespace baselined::worker
