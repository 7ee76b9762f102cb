// Looking into other processes, changing them, and sending them signals.
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/integration/escape/attempt.h"

namespace escape {
namespace {

// Unlike PTRACE_ATTACH it does not stop the other one; it ends with this process.
int seize(pid_t process) { return outcome(ptrace(PTRACE_SEIZE, process, nullptr, nullptr)); }

template <class Call>
int move_bytes(pid_t process, void* theirs, const Call& call) {
  char bytes = 0;
  const iovec ours = {&bytes, 1};
  const iovec other = {theirs, 1};
  return outcome(call(process, &ours, 1, &other, 1, 0));
}

long open_process(pid_t process) { return syscall(SYS_pidfd_open, process, 0); }

int take_descriptor(pid_t process) {
  const long handle = open_process(process);
  const long taken = syscall(SYS_pidfd_getfd, handle, 0, 0);
  const int result = outcome(taken);
  close(static_cast<int>(taken));
  close(static_cast<int>(handle));
  return result;
}

template <class Owner>
int set_owner(int command, Owner owner) {
  int ends[2] = {-1, -1};
  const int made = pipe2(ends, O_CLOEXEC);
  const int result = made < 0 ? errno : outcome(fcntl(ends[0], command, owner));
  close(ends[0]);
  close(ends[1]);
  return result;
}

// What it has already.
int set_priority(pid_t process) {
  errno = 0;
  const int priority = getpriority(PRIO_PROCESS, static_cast<id_t>(process));
  return outcome(setpriority(PRIO_PROCESS, static_cast<id_t>(process), priority));
}

int set_affinity(pid_t process) {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(process, sizeof(set), &set);
  return outcome(sched_setaffinity(process, sizeof(set), &set));
}

int set_scheduler(pid_t process) {
  const sched_param none = {};
  return outcome(sched_setscheduler(process, SCHED_OTHER, &none));
}

int set_io_priority(pid_t process) {
  constexpr int kOfProcess = 1;
  return outcome(syscall(SYS_ioprio_set, kOfProcess, process, 0));
}

// The page where the byte is, or nothing, where its memory is not known.
int advise(pid_t process, char* theirs) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const iovec other = {theirs - reinterpret_cast<std::uintptr_t>(theirs) % page,
                       theirs == nullptr ? 0 : page};
  const long handle = open_process(process);
  const int result = outcome(syscall(SYS_process_madvise, handle, &other, 1, MADV_COLD, 0));
  close(static_cast<int>(handle));
  return result;
}

constexpr Attempt kProcesses[] = {
    {"processes", "trace_the_daemon", [](const Targets& on) { return seize(on.daemon); }},
    {"processes", "trace_a_worker", [](const Targets& on) { return seize(on.worker); }},
    {"processes", "be_traced",
     // Not this process: its next signal would stop it for good.
     [](const Targets&) {
       return in_child([] { return outcome(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); });
     }},
    {"processes", "read_memory_of_the_daemon",
     [](const Targets& on) { return move_bytes(on.daemon, on.address, &process_vm_readv); }},
    {"processes", "write_memory_of_the_daemon",
     [](const Targets& on) { return move_bytes(on.daemon, on.address, &process_vm_writev); }},
    {"processes", "compare_with_the_daemon",
     [](const Targets& on) {
       return outcome(syscall(SYS_kcmp, getpid(), on.daemon, KCMP_VM, 0, 0));
     }},
    {"processes", "advise_the_daemon",
     [](const Targets& on) { return advise(on.daemon, on.address); }},
    {"processes", "handle_of_the_daemon",
     [](const Targets& on) { return outcome(open_process(on.daemon)); }},
    {"processes", "handle_of_a_worker",
     [](const Targets& on) { return outcome(open_process(on.worker)); }},
    {"processes", "descriptor_of_the_daemon",
     [](const Targets& on) { return take_descriptor(on.daemon); }},
    {"processes", "descriptor_of_a_worker",
     [](const Targets& on) { return take_descriptor(on.worker); }},
    {"processes", "limits_of_the_daemon",
     [](const Targets& on) {
       rlimit limits = {};
       return outcome(prlimit(on.daemon, RLIMIT_NOFILE, nullptr, &limits));
     }},
    {"processes", "priority_of_the_daemon",
     [](const Targets& on) { return set_priority(on.daemon); }},
    {"processes", "processors_of_the_daemon",
     [](const Targets& on) { return set_affinity(on.daemon); }},
    {"processes", "scheduler_of_the_daemon",
     [](const Targets& on) { return set_scheduler(on.daemon); }},
    {"processes", "io_priority_of_the_daemon",
     [](const Targets& on) { return set_io_priority(on.daemon); }},
    {"processes", "pages_of_the_daemon",
     [](const Targets& on) {
       return outcome(syscall(SYS_move_pages, on.daemon, 0, nullptr, nullptr, nullptr, 0));
     }},
    {"processes", "memory_nodes_of_the_daemon",
     [](const Targets& on) {
       const unsigned long nodes = 1;
       return outcome(syscall(SYS_migrate_pages, on.daemon, 8 * sizeof(nodes), &nodes, &nodes));
     }},
    {"processes", "priority_of_its_group",
     [](const Targets&) { return outcome(setpriority(PRIO_PGRP, 0, getpriority(PRIO_PGRP, 0))); }},
    {"processes", "end_children",
     [](const Targets&) {
       const pid_t ended = waitpid(-1, nullptr, WNOHANG);
       return ended < 0 && errno == ECHILD ? 0 : outcome(ended);
     }},
};

// ---- signals: number 0, which only asks whether a signal might be sent ------------------------

template <class... Arguments>
int queue(long call, Arguments... to) {
  siginfo_t info = {};
  info.si_code = SI_QUEUE;
  return outcome(syscall(call, to..., 0, &info));
}

int signal_through_handle(pid_t process) {
  const std::string path = "/proc/" + std::to_string(process);
  const int handle = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  const int result = outcome(syscall(SYS_pidfd_send_signal, handle, 0, nullptr, 0));
  close(handle);
  return result;
}

constexpr Attempt kSignals[] = {
    {"signals", "kill_the_daemon", [](const Targets& on) { return outcome(kill(on.daemon, 0)); },
     true},
    {"signals", "kill_a_worker", [](const Targets& on) { return outcome(kill(on.worker, 0)); },
     true},
    {"signals", "kill_init", [](const Targets&) { return outcome(kill(1, 0)); }, true},
    {"signals", "kill_its_group", [](const Targets&) { return outcome(kill(0, 0)); }, true},
    {"signals", "kill_the_daemon's_group",
     [](const Targets& on) { return outcome(kill(-getpgid(on.daemon), 0)); }, true},
    {"signals", "kill_everybody", [](const Targets&) { return outcome(kill(-1, 0)); }, true},
    {"signals", "tkill_the_daemon",
     [](const Targets& on) { return outcome(syscall(SYS_tkill, on.daemon, 0)); }, true},
    {"signals", "tgkill_the_daemon",
     [](const Targets& on) { return outcome(syscall(SYS_tgkill, on.daemon, on.daemon, 0)); }, true},
    {"signals", "queue_for_the_daemon",
     [](const Targets& on) { return queue(SYS_rt_sigqueueinfo, on.daemon); }, true},
    {"signals", "queue_for_a_thread_of_the_daemon",
     [](const Targets& on) { return queue(SYS_rt_tgsigqueueinfo, on.daemon, on.daemon); }, true},
    {"signals", "through_a_handle_of_the_daemon",
     [](const Targets& on) { return signal_through_handle(on.daemon); }, true},
    {"signals", "owner_of_a_pipe",
     [](const Targets& on) { return set_owner(F_SETOWN, on.daemon); }},
    {"signals", "owner_of_a_pipe_by_kind",
     [](const Targets& on) {
       const f_owner_ex owner = {F_OWNER_PID, on.daemon};
       return set_owner(F_SETOWN_EX, &owner);
     }},
    {"signals", "signal_of_a_pipe", [](const Targets&) { return set_owner(F_SETSIG, SIGUSR1); }},
};

}  // namespace

std::span<const Attempt> process_attempts() { return kProcesses; }
std::span<const Attempt> signal_attempts() { return kSignals; }

}  // namespace escape
