// Getting back what this process gave up, and away from where the daemon finds it.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "tests/integration/escape/attempt.h"

namespace escape {
namespace {

// One above what it may have at most.
int raise(int resource) {
  rlimit limit = {};
  getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  limit.rlim_max = limit.rlim_max == RLIM_INFINITY ? RLIM_INFINITY : limit.rlim_max + 1;
  return outcome(setrlimit(static_cast<__rlimit_resource>(resource), &limit));
}

int take_capabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets = {};
  syscall(SYS_capget, &header, sets.data());
  sets[0].effective = sets[0].permitted;
  sets[1].effective = sets[1].permitted;
  return outcome(syscall(SYS_capset, &header, sets.data()));
}

// As it was, which only somebody may write who is trusted with it.
int rewrite(const char* path) {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  const int result = outcome(file);
  close(file);
  return result;
}

int write_own_memory() {
  static char target = 'a';
  const int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  const int result =
      outcome(memory < 0 ? memory : pwrite(memory, "b", 1, reinterpret_cast<off_t>(&target)));
  close(memory);
  return result;
}

// The bytes of the plugin, which the next worker is given too.
int open_image_for_writing(int image) {
  const std::string path = "/proc/self/fd/" + std::to_string(image);
  return rewrite(path.c_str());
}

int join_namespace(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  const int result = outcome(setns(file, 0));
  close(file);
  return result;
}

constexpr Attempt kSelf[] = {
    {"self", "raise_its_files", [](const Targets&) { return raise(RLIMIT_NOFILE); }},
    {"self", "raise_its_memory", [](const Targets&) { return raise(RLIMIT_AS); }},
    {"self", "raise_its_file_size", [](const Targets&) { return raise(RLIMIT_FSIZE); }},
    {"self", "be_dumpable",
     [](const Targets&) { return outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }},
    {"self", "outlive_the_daemon",
     [](const Targets&) { return outcome(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)); }},
    {"self", "adopt_orphans",
     [](const Targets&) { return outcome(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }},
    {"self", "choose_who_traces_it",
     [](const Targets&) { return outcome(prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)); }},
    {"self", "be_killed_early_or_late",
     [](const Targets&) { return outcome(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0)); }},
    {"self", "another_filter",
     [](const Targets&) {
       const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
       return outcome(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
     }},
    {"self", "leave_its_group",
     [](const Targets&) { return in_child([] { return outcome(setpgid(0, 0)); }); }},
    {"self", "leave_its_session",
     [](const Targets&) { return in_child([] { return outcome(setsid()); }); }},
    {"self", "be_another_user", [](const Targets&) { return outcome(setuid(getuid())); }},
    {"self", "be_another_group", [](const Targets&) { return outcome(setgid(getgid())); }},
    {"self", "be_three_users",
     [](const Targets&) { return outcome(setresuid(getuid(), getuid(), getuid())); }},
    {"self", "join_groups", [](const Targets&) { return outcome(setgroups(0, nullptr)); }},
    {"self", "take_capabilities", [](const Targets&) { return take_capabilities(); }},
    {"self", "drop_a_capability",
     [](const Targets&) { return outcome(prctl(PR_CAPBSET_DROP, CAP_WAKE_ALARM, 0, 0, 0)); }},
    {"self", "without_random_addresses",
     [](const Targets&) { return outcome(personality(ADDR_NO_RANDOMIZE)); }},
    {"self", "priority", [](const Targets&) { return outcome(setpriority(PRIO_PROCESS, 0, 19)); }},
    {"self", "processors",
     [](const Targets&) {
       cpu_set_t set;
       CPU_ZERO(&set);
       sched_getaffinity(0, sizeof(set), &set);
       return outcome(sched_setaffinity(0, sizeof(set), &set));
     }},
    {"self", "real_time",
     [](const Targets&) {
       const sched_param none = {1};
       return outcome(sched_setscheduler(0, SCHED_FIFO, &none));
     }},
    {"self", "lock_memory", [](const Targets&) { return outcome(mlockall(MCL_CURRENT)); }},
    {"self", "write_own_memory", [](const Targets&) { return write_own_memory(); }},
    {"self", "be_killed_last", [](const Targets&) { return rewrite("/proc/self/oom_score_adj"); }},
    {"self", "map_its_image_for_writing",
     [](const Targets& on) { return map_a_byte(dup(on.image), PROT_READ | PROT_WRITE); }},
    {"self", "open_its_image_for_writing",
     [](const Targets& on) { return open_image_for_writing(on.image); }},
    {"self", "cut_its_image",
     [](const Targets& on) { return outcome(ftruncate(on.image, 1 << 20)); }},
    {"self", "seal_its_image",
     [](const Targets& on) { return outcome(fcntl(on.image, F_ADD_SEALS, 0)); }},
    {"self", "enlarge_a_pipe",
     [](const Targets&) {
       std::array<int, 2> ends = {-1, -1};
       const int made = pipe2(ends.data(), O_CLOEXEC);
       const int result = made < 0 ? errno : outcome(fcntl(ends[0], F_SETPIPE_SZ, 1 << 16));
       close(ends[0]);
       close(ends[1]);
       return result;
     }},
    {"self", "new_user_namespace", [](const Targets&) { return outcome(unshare(CLONE_NEWUSER)); }},
    {"self", "new_mount_namespace", [](const Targets&) { return outcome(unshare(CLONE_NEWNS)); }},
    {"self", "new_network_namespace",
     [](const Targets&) { return outcome(unshare(CLONE_NEWNET)); }},
    {"self", "join_a_namespace",
     [](const Targets&) { return join_namespace("/proc/self/ns/uts"); }},
    {"self", "join_the_namespace_of_init",
     [](const Targets&) { return join_namespace("/proc/1/ns/ipc"); }},
    {"self", "chroot", [](const Targets& on) { return outcome(chroot(on.own.c_str())); }},
};

}  // namespace

std::span<const Attempt> self_attempts() { return kSelf; }

}  // namespace escape
