// Starts a worker with exactly the descriptors, the environment and the signal state it may have.
//
// posix_spawn only: fork() in a program with threads can deadlock in the child, and copies page
// tables. Nothing of the daemon is inherited. The child gets: 0 /dev/null, 1 and 2 pipes, 3 the
// plugin, and with `with_channel` 4 a socket and 5 the cancel page; no blocked or ignored signal; a
// process group of its own; LANG, TZ and, if set, the options of the sanitizers. Threads: call it
// from the thread that lives longest: a worker may ask to die with its parent thread. Errors:
// config when the program cannot be executed, transient when resources are short.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/host/process.h"

namespace baselined::host {

struct SpawnRequest {
  std::vector<std::string> arguments;  // the first is the program's path
  int plugin = -1;                     // the descriptor of its bytes, which stays the caller's
  bool with_channel = false;
  int niceness = 0;
};

struct Spawned {
  Process process;
  Descriptor output;  // read end of its standard output
  Descriptor errors;  // read end of its standard error
  Descriptor socket;  // with_channel only, and so is the next
  Descriptor cancel_page;
};

Result<Spawned> spawn(const SpawnRequest& request);

// The same, with a number that a worker's descriptors do not have: dup2 cannot read from one that
// it writes to.
Result<Descriptor> move_up(Descriptor descriptor);

// Sets the first byte of the page, which the worker polls.
void set_cancelled(const Descriptor& cancel_page);

}  // namespace baselined::host
