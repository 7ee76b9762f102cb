#include "daemon/host/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "daemon/host/pidfd.h"

namespace baselined::host {
namespace {

constexpr int kPluginInChild = 3;
constexpr int kSocketInChild = 4;
constexpr int kCancelPageInChild = 5;
constexpr int kFirstSafeDescriptor = 10;
constexpr off_t kCancelPageBytes = 4096;

Error system_error(std::string_view what, int number) {
  return {Error::Code::transient, fmt::format("{}: {}", what, std::strerror(number))};
}

struct Pair {
  Descriptor ours;
  Descriptor childs;
};

Result<Pair> open_pipe() {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return system_error("cannot create a pipe", errno);
  }
  Pair pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  BL_TRY(pipe.childs, move_up(std::move(pipe.childs)));
  return pipe;
}

Result<Pair> open_socket_pair() {
  std::array<int, 2> ends = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error("cannot create a socket pair", errno);
  }
  Pair sockets{Descriptor(ends[0]), Descriptor(ends[1])};
  BL_TRY(sockets.childs, move_up(std::move(sockets.childs)));
  return sockets;
}

// The daemon never maps the page and its size is sealed: a worker cannot hurt anybody through it.
Result<Descriptor> open_cancel_page() {
  Descriptor page(::memfd_create("baselined-cancel", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!page.is_open() || ::ftruncate(page.get(), kCancelPageBytes) != 0 ||
      ::fcntl(page.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return system_error("cannot create the cancel page", errno);
  }
  return move_up(std::move(page));
}

class FileActions {
 public:
  FileActions() { error_ = ::posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  void open_null(int number) {
    note(::posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_RDONLY, 0));
  }
  void duplicate(int from, int number) {
    note(::posix_spawn_file_actions_adddup2(&actions_, from, number));
  }
  void close_from(int number) {
    note(::posix_spawn_file_actions_addclosefrom_np(&actions_, number));
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }
  int error() const { return error_; }

 private:
  void note(int error) { error_ = error_ != 0 ? error_ : error; }

  posix_spawn_file_actions_t actions_ = {};
  int error_ = 0;
};

class Attributes {
 public:
  Attributes() {
    note(::posix_spawnattr_init(&attributes_));
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    note(::posix_spawnattr_setsigmask(&attributes_, &none));
    note(::posix_spawnattr_setsigdefault(&attributes_, &all));
    note(::posix_spawnattr_setpgroup(&attributes_, 0));
    note(::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const { return &attributes_; }
  int error() const { return error_; }

 private:
  void note(int error) { error_ = error_ != 0 ? error_ : error; }

  posix_spawnattr_t attributes_ = {};
  int error_ = 0;
};

std::vector<std::string> environment() {
  std::vector<std::string> variables = {"LANG=C.UTF-8", "TZ=UTC"};
  for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name); value != nullptr) {
      variables.push_back(fmt::format("{}={}", name, value));
    }
  }
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

// The child's number.
Result<pid_t> start(std::vector<std::string> arguments, const FileActions& actions) {
  const Attributes attributes;
  if (actions.error() != 0 || attributes.error() != 0) {
    return system_error("cannot prepare a worker",
                        actions.error() != 0 ? actions.error() : attributes.error());
  }
  std::vector<std::string> variables = environment();
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(variables);
  pid_t child = 0;
  const int error =
      ::posix_spawn(&child, argv[0], actions.get(), attributes.get(), argv.data(), envp.data());
  if (error == ENOENT || error == EACCES || error == ENOEXEC) {
    return Error(Error::Code::config,
                 fmt::format("cannot start {}: {}", arguments[0], std::strerror(error)));
  }
  if (error == E2BIG) {
    return Error(
        Error::Code::config,
        fmt::format("cannot start {}: the paths in the options of the collector are too many "
                    "or too long; name them by a pattern",
                    arguments[0]));
  }
  if (error != 0) {
    return system_error(fmt::format("cannot start {}", arguments[0]), error);
  }
  return child;
}

}  // namespace

Result<Descriptor> move_up(Descriptor descriptor) {
  if (descriptor.get() >= kFirstSafeDescriptor) {
    return descriptor;
  }
  Descriptor moved(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, kFirstSafeDescriptor));
  if (!moved.is_open()) {
    return system_error("cannot duplicate a descriptor", errno);
  }
  return moved;
}

Result<Spawned> spawn(const SpawnRequest& request) {
  BL_TRY(Pair output, open_pipe());
  BL_TRY(Pair errors, open_pipe());
  Pair sockets;
  Descriptor cancel_page;
  FileActions actions;
  actions.open_null(STDIN_FILENO);
  actions.duplicate(output.childs.get(), STDOUT_FILENO);
  actions.duplicate(errors.childs.get(), STDERR_FILENO);
  actions.duplicate(request.plugin, kPluginInChild);
  if (request.with_channel) {
    BL_TRY(sockets, open_socket_pair());
    BL_TRY(cancel_page, open_cancel_page());
    actions.duplicate(sockets.childs.get(), kSocketInChild);
    actions.duplicate(cancel_page.get(), kCancelPageInChild);
  }
  actions.close_from(request.with_channel ? kCancelPageInChild + 1 : kSocketInChild);

  BL_TRY(const pid_t child, start(request.arguments, actions));
  Descriptor handle(::pidfd_open(child, 0));
  const int handle_error = errno;
  Spawned spawned{Process(child, std::move(handle)), std::move(output.ours), std::move(errors.ours),
                  std::move(sockets.ours), std::move(cancel_page)};
  if (spawned.process.handle() < 0) {
    return system_error("cannot watch the worker", handle_error);
  }
  if (request.niceness != 0) {
    // A worker that stays at our priority still works: nothing to report.
    ::setpriority(PRIO_PGRP, static_cast<id_t>(child), request.niceness);
  }
  return spawned;
}

void set_cancelled(const Descriptor& cancel_page) {
  const char cancelled = 1;
  while (::pwrite(cancel_page.get(), &cancelled, 1, 0) < 0 && errno == EINTR) {
  }
  // Where memory is too short even for this page, SIGKILL follows after the grace.
}

}  // namespace baselined::host
