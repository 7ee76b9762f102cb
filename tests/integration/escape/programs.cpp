// Starting programs, children and threads.
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

#include "tests/integration/escape/attempt.h"

namespace escape {
namespace {

using Words = std::array<char*, 4>;

Words shell_words() {
  static char shell[] = "sh";
  static char option[] = "-c";
  static char command[] = "exit 0";
  return {shell, option, command, nullptr};
}

int execute(const char* program) { return outcome(execve(program, shell_words().data(), environ)); }

int execute_at(int folder, const char* name, int flags) {
  return outcome(syscall(SYS_execveat, folder, name, shell_words().data(), environ, flags));
}

// A shell that has the connection to the daemon too.
int give_to_shell(int channel) {
  constexpr int kShellHasNone = 2;
  Words words = shell_words();
  std::string command = ": <&" + std::to_string(channel);
  words[2] = command.data();
  const int result =
      in_child([&words] { return outcome(execve("/bin/sh", words.data(), environ)); });
  return result == kShellHasNone ? EACCES : result;
}

// A copy of the shell that has no name in any folder.
int execute_from_memory() {
  const int memory = memfd_create("escape", MFD_CLOEXEC);
  const int shell = open("/bin/sh", O_RDONLY | O_CLOEXEC);
  std::array<char, 4096> part = {};
  for (ssize_t size = 1; size > 0;) {
    size = read(shell, part.data(), part.size());
    size = size > 0 ? write(memory, part.data(), static_cast<std::size_t>(size)) : size;
  }
  return execute_at(memory, "", AT_EMPTY_PATH);
}

int spawn_shell() {
  pid_t child = 0;
  const Words words = shell_words();
  const int result = posix_spawn(&child, "/bin/sh", nullptr, nullptr, words.data(), environ);
  if (result == 0) {
    waitpid(child, nullptr, 0);
  }
  return result;
}

int run_command() {
  const int status = std::system("exit 0");
  return status == 0 ? 0 : status < 0 ? errno : EACCES;
}

int execute_with(const char* variable) {
  return in_child([variable] {
    setenv(variable, "/usr/lib/x86_64-linux-gnu/libm.so.6", 1);
    const int result = execute("/bin/sh");
    unsetenv(variable);
    return result;
  });
}

// The child, where there is one, ends at once.
int end_child(long child) {
  if (child == 0) {
    _exit(0);
  }
  const int result = outcome(child);
  if (child > 0) {
    waitpid(static_cast<pid_t>(child), nullptr, 0);
  }
  return result;
}

int start_with_vfork() {
  const pid_t child = vfork();
  if (child == 0) {
    _exit(0);
  }
  return end_child(child);
}

int clone_with(unsigned long flags) {
  return end_child(syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

int clone3_with(std::uint64_t flags) {
  clone_args arguments = {};
  arguments.flags = flags;
  arguments.exit_signal = SIGCHLD;
  return end_child(syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

int start_thread() {
  pthread_t thread = {};
  const int result = pthread_create(
      &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
  if (result == 0) {
    pthread_join(thread, nullptr);
  }
  return result;
}

constexpr Attempt kPrograms[] = {
    {"programs", "execve",
     [](const Targets&) { return in_child([] { return execute("/bin/sh"); }); }},
    {"programs", "execve_of_a_file",
     [](const Targets& on) {
       return in_child([&on] { return execute((on.own + "/program").c_str()); });
     }},
    {"programs", "execve_through_the_linker",
     [](const Targets&) {
       return in_child([] {
         static char name[] = "ld.so";
         static char program[] = "/bin/true";
         char* words[] = {name, program, nullptr};
         return outcome(execve("/lib64/ld-linux-x86-64.so.2", words, environ));
       });
     }},
    {"programs", "execveat",
     [](const Targets&) { return in_child([] { return execute_at(AT_FDCWD, "/bin/sh", 0); }); }},
    {"programs", "execveat_of_a_descriptor",
     [](const Targets&) {
       return in_child([] {
         const int shell = open("/bin/sh", O_PATH | O_CLOEXEC);
         return execute_at(shell, "", AT_EMPTY_PATH);
       });
     }},
    {"programs", "execveat_from_memory",
     [](const Targets&) { return in_child([] { return execute_from_memory(); }); }},
    {"programs", "give_its_channel_to_a_program",
     [](const Targets& on) { return give_to_shell(on.channel); }, true},
    {"programs", "posix_spawn", [](const Targets&) { return spawn_shell(); }},
    {"programs", "system", [](const Targets&) { return run_command(); }},
    {"programs", "preload", [](const Targets&) { return execute_with("LD_PRELOAD"); }},
    {"programs", "audit", [](const Targets&) { return execute_with("LD_AUDIT"); }},
    {"programs", "fork", [](const Targets&) { return end_child(fork()); }},
    {"programs", "vfork", [](const Targets&) { return start_with_vfork(); }},
    {"programs", "clone", [](const Targets&) { return clone_with(0); }},
    {"programs", "clone_beside_itself", [](const Targets&) { return clone_with(CLONE_PARENT); }},
    {"programs", "clone_in_namespaces",
     [](const Targets&) { return clone_with(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID); }},
    {"programs", "clone_in_a_network", [](const Targets&) { return clone_with(CLONE_NEWNET); }},
    {"programs", "clone3", [](const Targets&) { return clone3_with(0); }},
    {"programs", "clone3_in_namespaces",
     [](const Targets&) { return clone3_with(CLONE_NEWUSER | CLONE_NEWNS); }},
    {"programs", "thread", [](const Targets&) { return start_thread(); }},
};

}  // namespace

std::span<const Attempt> program_attempts() { return kPrograms; }

}  // namespace escape
