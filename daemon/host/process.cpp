#include "daemon/host/process.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "daemon/host/pidfd.h"

namespace baselined::host {
namespace {

// By number, which is the child's own until it is reaped: through the pidfd, which the event loop
// has made non-blocking, waitid() would not wait.
siginfo_t wait_for(pid_t child, int flags) {
  siginfo_t info = {};
  int result = 0;
  do {
    result = ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | flags);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    info.si_pid = child;  // it is gone already
  }
  return info;
}

Microseconds duration_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + Microseconds(time.tv_usec);
}

}  // namespace

std::string ExitStatus::text() const {
  if (signal == 0) {
    return fmt::format("exited with code {}", code);
  }
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("was killed by SIG{}", name)
                         : fmt::format("was killed by signal {}", signal);
}

Process::Process(Process&& other) noexcept
    : child_(std::exchange(other.child_, 0)), handle_(std::move(other.handle_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    if (!is_reaped()) {
      kill_group();
      reap();
    }
    child_ = std::exchange(other.child_, 0);
    handle_ = std::move(other.handle_);
  }
  return *this;
}

Process::~Process() {
  if (!is_reaped()) {
    kill_group();
    reap();
  }
}

bool Process::has_exited() const {
  return is_reaped() || wait_for(child_, WNOWAIT | WNOHANG).si_pid != 0;
}

void Process::kill_group() {
  if (is_reaped()) {
    return;
  }
  // Both, because the child may have joined another group. Errors mean that nobody is left.
  if (handle_.is_open()) {
    ::pidfd_send_signal(handle_.get(), SIGKILL, nullptr, 0);
  } else {
    ::kill(child_, SIGKILL);
  }
  ::kill(-child_, SIGKILL);
}

ExitStatus Process::reap() {
  if (is_reaped()) {
    return {};
  }
  wait_for(child_, WNOWAIT);
  // While the child is a zombie its number, and so that of its group, cannot be given to others.
  ::kill(-child_, SIGKILL);
  int ended = 0;
  rusage usage = {};
  while (::wait4(child_, &ended, 0, &usage) < 0 && errno == EINTR) {
  }
  child_ = 0;
  ExitStatus status;
  status.code = WIFEXITED(ended) ? WEXITSTATUS(ended) : 0;
  status.signal = WIFSIGNALED(ended) ? WTERMSIG(ended) : 0;
  status.cpu = duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
  return status;
}

}  // namespace baselined::host
