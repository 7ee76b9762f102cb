// Starts a worker with exactly the descriptors, the environment and the signal state it may have.
//
// posix_spawn only: fork() in a program with threads can deadlock in the child, and copies page
// tables. Nothing of the daemon is inherited. The child gets: 0 /dev/null, 1 and 2 pipes,
// and with `with_channel` 3 a socket and 4 the cancel page; no blocked or ignored signal; a process
// group of its own; LANG, TZ and, if set, the options of the sanitizers.
// Threads: call it from the thread that lives longest: a worker may ask to die with its parent
// thread.
// Errors: config when the program cannot be executed, transient when resources are short.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/host/process.h"

namespace baselined::host {

struct SpawnRequest {
  std::vector<std::string> arguments;  // the first is the program's path
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

// Sets the first byte of the page, which the worker polls.
void set_cancelled(const Descriptor& cancel_page);

}  // namespace baselined::host
