// The rest of the kernel: mounts, keys, watchers, devices, the clock, what only an administrator
// does, and interfaces that have been ways out before.
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>

#include "tests/integration/escape/attempt.h"

namespace escape {
namespace {

constexpr int kSoftOffline = 101;  // MADV_SOFT_OFFLINE, which glibc does not name

int open_for_both(const char* path) {
  const int file = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  const int result = outcome(file);
  close(file);
  return result;
}

int descriptor_of(long opened) {
  const int result = outcome(opened);
  close(static_cast<int>(opened));
  return result;
}

int open_events() {
  perf_event_attr attributes = {};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof(attributes);
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  return descriptor_of(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

int open_ring() {
  io_uring_params parameters = {};
  return descriptor_of(syscall(SYS_io_uring_setup, 1, &parameters));
}

int make_map() {
  bpf_attr attributes = {};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return descriptor_of(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

int push_into_terminal() {
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  terminal = terminal < 0 ? 0 : terminal;
  char key = 'x';
  const int result = outcome(ioctl(terminal, TIOCSTI, &key));
  if (terminal > 0) {
    close(terminal);
  }
  return result;
}

int watch(const std::string& path) {
  const int watcher = inotify_init1(IN_CLOEXEC);
  const int result = outcome(inotify_add_watch(watcher, path.c_str(), IN_OPEN));
  close(watcher);
  return result;
}

int set_timer() {
  timer_t timer = {};
  const int result = outcome(timer_create(CLOCK_MONOTONIC, nullptr, &timer));
  if (result == 0) {
    timer_delete(timer);
  }
  return result;
}

constexpr Attempt kKernel[] = {
    {"kernel", "mount",
     [](const Targets& on) {
       return outcome(mount("none", (on.own + "/folder").c_str(), "tmpfs", 0, nullptr));
     }},
    {"kernel", "mount_again",
     [](const Targets& on) {
       const std::string folder = on.own + "/folder";
       return outcome(mount(on.own.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr));
     }},
    {"kernel", "unmount",
     [](const Targets& on) { return outcome(umount2((on.own + "/folder").c_str(), 0)); }, true},
    {"kernel", "pivot_root",
     [](const Targets& on) {
       return outcome(syscall(SYS_pivot_root, on.own.c_str(), on.own.c_str()));
     },
     true},
    {"kernel", "open_tree",
     [](const Targets& on) {
       constexpr unsigned kClone = 1;
       return descriptor_of(syscall(SYS_open_tree, AT_FDCWD, on.own.c_str(), kClone));
     }},
    {"kernel", "fsopen",
     [](const Targets&) { return descriptor_of(syscall(SYS_fsopen, "tmpfs", 0)); }},
    {"kernel", "mount_setattr",
     [](const Targets&) { return outcome(syscall(SYS_mount_setattr, -1, "", 0, nullptr, 0)); },
     true},
    {"kernel", "flush_a_disk", [](const Targets&) { return outcome(syscall(SYS_syncfs, 0)); }},
    {"kernel", "io_uring", [](const Targets&) { return open_ring(); }},
    {"kernel", "aio",
     [](const Targets&) {
       aio_context_t context = 0;
       return outcome(syscall(SYS_io_setup, 1, &context));
     }},
    {"kernel", "bpf", [](const Targets&) { return make_map(); }},
    {"kernel", "perf_events", [](const Targets&) { return open_events(); }},
    {"kernel", "userfaultfd",
     [](const Targets&) { return descriptor_of(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY)); }},
    {"kernel", "keyctl",
     [](const Targets&) {
       return outcome(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 1));
     }},
    {"kernel", "add_key",
     [](const Targets&) {
       return outcome(syscall(SYS_add_key, "user", "escape", "x", 1, KEY_SPEC_THREAD_KEYRING));
     }},
    {"kernel", "request_key",
     [](const Targets&) { return outcome(syscall(SYS_request_key, "user", "escape", nullptr, 0)); },
     true},
    {"kernel", "memfd_create",
     [](const Targets&) { return descriptor_of(memfd_create("escape", MFD_CLOEXEC)); }},
    {"kernel", "memfd_secret",
     [](const Targets&) { return descriptor_of(syscall(SYS_memfd_secret, 0)); }},
    {"kernel", "inotify", [](const Targets&) { return descriptor_of(inotify_init1(IN_CLOEXEC)); }},
    {"kernel", "inotify_watch", [](const Targets& on) { return watch(on.own); }},
    {"kernel", "fanotify",
     [](const Targets&) {
       return descriptor_of(
           fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY));
     }},
    {"kernel", "timer", [](const Targets&) { return set_timer(); }},
    {"kernel", "modify_ldt",
     [](const Targets&) {
       std::array<char, 16> table = {};
       return outcome(syscall(SYS_modify_ldt, 0, table.data(), table.size()));
     }},
    {"kernel", "iopl", [](const Targets&) { return outcome(iopl(0)); }},
    {"kernel", "ioperm", [](const Targets&) { return outcome(ioperm(0x80, 1, 0)); }},
    {"kernel", "poison_memory",
     [](const Targets&) { return outcome(madvise(nullptr, 0, MADV_HWPOISON)); }, true},
    {"kernel", "take_memory_offline",
     [](const Targets&) { return outcome(madvise(nullptr, 0, kSoftOffline)); }, true},
    {"kernel", "push_into_terminal", [](const Targets&) { return push_into_terminal(); }},
    {"kernel", "open_terminal", [](const Targets&) { return open_for_both("/dev/ptmx"); }},
    {"kernel", "open_memory_of_the_machine",
     [](const Targets&) { return open_for_both("/dev/mem"); }, true},
    {"kernel", "open_null_for_writing", [](const Targets&) { return open_for_both("/dev/null"); }},
    {"kernel", "choose_who_reads_dumps",
     [](const Targets&) { return open_for_both("/proc/sys/kernel/core_pattern"); }},
    {"kernel", "system_requests",
     [](const Targets&) { return open_for_both("/proc/sysrq-trigger"); }, true},
    {"kernel", "reboot",
     [](const Targets&) { return outcome(syscall(SYS_reboot, 0, 0, 0, nullptr)); }, true},
    {"kernel", "kexec_load",
     [](const Targets&) { return outcome(syscall(SYS_kexec_load, 0, 17, nullptr, ~0UL)); }, true},
    {"kernel", "kexec_file_load",
     [](const Targets&) { return outcome(syscall(SYS_kexec_file_load, -1, -1, 0, nullptr, 0)); },
     true},
    {"kernel", "load_a_module",
     [](const Targets&) { return outcome(syscall(SYS_init_module, nullptr, 0, "")); }, true},
    {"kernel", "load_a_module_from_a_file",
     [](const Targets&) { return outcome(syscall(SYS_finit_module, -1, "", 0)); }, true},
    {"kernel", "unload_a_module",
     [](const Targets&) { return outcome(syscall(SYS_delete_module, nullptr, O_NONBLOCK)); }, true},
    {"kernel", "swapon", [](const Targets&) { return outcome(swapon("", 0)); }, true},
    {"kernel", "swapoff", [](const Targets&) { return outcome(swapoff("")); }, true},
    {"kernel", "sethostname",
     [](const Targets&) { return outcome(syscall(SYS_sethostname, nullptr, -1)); }, true},
    {"kernel", "setdomainname",
     [](const Targets&) { return outcome(syscall(SYS_setdomainname, nullptr, -1)); }, true},
    {"kernel", "settimeofday",
     [](const Targets&) { return outcome(syscall(SYS_settimeofday, nullptr, nullptr)); }, true},
    {"kernel", "clock_settime",
     [](const Targets&) { return outcome(syscall(SYS_clock_settime, CLOCK_REALTIME, nullptr)); },
     true},
    {"kernel", "adjtimex",
     [](const Targets&) {
       timex nothing = {};
       return outcome(adjtimex(&nothing));
     },
     true},
    {"kernel", "clock_adjtime",
     [](const Targets&) {
       timex nothing = {};
       return outcome(clock_adjtime(CLOCK_REALTIME, &nothing));
     },
     true},
    {"kernel", "quotactl",
     [](const Targets&) { return outcome(quotactl(-1, nullptr, 0, nullptr)); }, true},
    {"kernel", "acct", [](const Targets&) { return outcome(acct("/nowhere/escape")); }, true},
    {"kernel", "syslog", [](const Targets&) { return outcome(klogctl(10, nullptr, 0)); }},
};

}  // namespace

std::span<const Attempt> kernel_attempts() { return kKernel; }

}  // namespace escape
