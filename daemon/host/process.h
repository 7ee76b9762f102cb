// A child process in a process group of its own, held by a pidfd (so that it can never be mistaken
// for another process).
//
// Ownership: a Process that has not been reaped is killed with its group and reaped by the
// destructor, which then blocks until it is gone: no zombie is ever left.
// Threads: one thread at a time.
#pragma once

#include <sys/types.h>

#include <string>

#include "daemon/base/time.h"
#include "daemon/host/descriptor.h"

namespace baselined::host {

struct ExitStatus {
  int code = 0;    // exit code, when signal is 0
  int signal = 0;  // 0: it exited by itself
  Microseconds cpu = Microseconds(0);

  bool is_success() const { return code == 0 && signal == 0; }
  // "exited with code 3", "was killed by SIGSEGV".
  std::string text() const;
};

class Process {
 public:
  Process() = default;
  // The child leads the group with its own number.
  Process(pid_t child, Descriptor handle) : child_(child), handle_(std::move(handle)) {}
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t child() const { return child_; }
  // Readable once the child has exited.
  int handle() const { return handle_.get(); }
  bool is_reaped() const { return child_ == 0; }
  // Exited or reaped; does not wait. What an event loop says about handle() is only a hint.
  bool has_exited() const;

  // SIGKILL to the child and everything in its group.
  void kill_group();
  // Waits until the child has exited, kills what is left of its group, and reaps the child.
  ExitStatus reap();

 private:
  pid_t child_ = 0;  // 0: none, or reaped
  Descriptor handle_;
};

}  // namespace baselined::host
