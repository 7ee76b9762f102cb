#include "daemon/worker/syscall_filter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "daemon/base/under_sanitizer.h"

namespace baselined::worker {
namespace {

// Reading and writing what is open, memory, time, and looking at files.
constexpr int kAlways[] = {SCMP_SYS(read),
                           SCMP_SYS(pread64),
                           SCMP_SYS(readv),
                           SCMP_SYS(preadv),
                           SCMP_SYS(preadv2),
                           SCMP_SYS(write),
                           SCMP_SYS(pwrite64),
                           SCMP_SYS(writev),
                           SCMP_SYS(close),
                           SCMP_SYS(lseek),
                           SCMP_SYS(dup),
                           SCMP_SYS(dup2),
                           SCMP_SYS(dup3),
                           SCMP_SYS(pipe),
                           SCMP_SYS(pipe2),
                           SCMP_SYS(poll),
                           SCMP_SYS(ppoll),
                           SCMP_SYS(select),
                           SCMP_SYS(pselect6),
                           SCMP_SYS(epoll_create),
                           SCMP_SYS(epoll_create1),
                           SCMP_SYS(epoll_ctl),
                           SCMP_SYS(epoll_wait),
                           SCMP_SYS(epoll_pwait),
                           SCMP_SYS(eventfd2),
                           SCMP_SYS(timerfd_create),
                           SCMP_SYS(timerfd_settime),
                           SCMP_SYS(timerfd_gettime),
                           SCMP_SYS(mmap),
                           SCMP_SYS(munmap),
                           SCMP_SYS(mprotect),
                           SCMP_SYS(mremap),
                           SCMP_SYS(mincore),
                           SCMP_SYS(brk),
                           SCMP_SYS(msync),
                           SCMP_SYS(membarrier),
                           SCMP_SYS(fadvise64),
                           SCMP_SYS(readahead),
                           SCMP_SYS(stat),
                           SCMP_SYS(lstat),
                           SCMP_SYS(fstat),
                           SCMP_SYS(newfstatat),
                           SCMP_SYS(statx),
                           SCMP_SYS(statfs),
                           SCMP_SYS(fstatfs),
                           SCMP_SYS(access),
                           SCMP_SYS(faccessat),
                           SCMP_SYS(faccessat2),
                           SCMP_SYS(readlink),
                           SCMP_SYS(readlinkat),
                           SCMP_SYS(getdents),
                           SCMP_SYS(getdents64),
                           SCMP_SYS(getcwd),
                           SCMP_SYS(chdir),
                           SCMP_SYS(fchdir),
                           SCMP_SYS(getxattr),
                           SCMP_SYS(lgetxattr),
                           SCMP_SYS(fgetxattr),
                           SCMP_SYS(clock_gettime),
                           SCMP_SYS(clock_getres),
                           SCMP_SYS(clock_nanosleep),
                           SCMP_SYS(gettimeofday),
                           SCMP_SYS(time),
                           SCMP_SYS(times),
                           SCMP_SYS(nanosleep),
                           SCMP_SYS(setitimer),
                           SCMP_SYS(getitimer),
                           SCMP_SYS(alarm),
                           SCMP_SYS(getpid),
                           SCMP_SYS(gettid),
                           SCMP_SYS(getppid),
                           SCMP_SYS(getuid),
                           SCMP_SYS(geteuid),
                           SCMP_SYS(getgid),
                           SCMP_SYS(getegid),
                           SCMP_SYS(getresuid),
                           SCMP_SYS(getresgid),
                           SCMP_SYS(getgroups),
                           SCMP_SYS(getpgrp),
                           SCMP_SYS(getpgid),
                           SCMP_SYS(getsid),
                           SCMP_SYS(uname),
                           SCMP_SYS(sysinfo),
                           SCMP_SYS(getrusage),
                           SCMP_SYS(getrlimit),
                           SCMP_SYS(getpriority),
                           SCMP_SYS(sched_getaffinity),
                           SCMP_SYS(sched_yield),
                           SCMP_SYS(getcpu),
                           SCMP_SYS(rt_sigaction),
                           SCMP_SYS(rt_sigprocmask),
                           SCMP_SYS(rt_sigreturn),
                           SCMP_SYS(rt_sigpending),
                           SCMP_SYS(rt_sigsuspend),
                           SCMP_SYS(rt_sigtimedwait),
                           SCMP_SYS(sigaltstack),
                           SCMP_SYS(pause),
                           SCMP_SYS(restart_syscall),
                           SCMP_SYS(umask),
                           SCMP_SYS(futex),
                           SCMP_SYS(set_robust_list),
                           SCMP_SYS(get_robust_list),
                           SCMP_SYS(rseq),
                           SCMP_SYS(set_tid_address),
                           SCMP_SYS(arch_prctl),
                           SCMP_SYS(getrandom),
                           SCMP_SYS(exit),
                           SCMP_SYS(exit_group)};

// A child may be waited for; Landlock keeps signals at home where the kernel can.
constexpr int kExec[] = {SCMP_SYS(execve), SCMP_SYS(vfork),   SCMP_SYS(fork),   SCMP_SYS(wait4),
                         SCMP_SYS(waitid), SCMP_SYS(setpgid), SCMP_SYS(setsid), SCMP_SYS(sendfile),
                         SCMP_SYS(splice), SCMP_SYS(tee)};
// Is it a terminal, is there more to read. Others change files that may only be read.
constexpr unsigned long kIoctlRequests[] = {TCGETS,  TIOCGWINSZ, FIONREAD,
                                            FIONBIO, FIOCLEX,    FIONCLEX};

// Outgoing only: no bind, listen or accept.
constexpr int kNetwork[] = {SCMP_SYS(connect),     SCMP_SYS(sendto),      SCMP_SYS(sendmsg),
                            SCMP_SYS(sendmmsg),    SCMP_SYS(recvfrom),    SCMP_SYS(recvmsg),
                            SCMP_SYS(recvmmsg),    SCMP_SYS(getsockopt),  SCMP_SYS(setsockopt),
                            SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(shutdown)};

// What the leak check of a sanitizer does with its own process.
constexpr int kSanitizer[] = {SCMP_SYS(clone), SCMP_SYS(ptrace), SCMP_SYS(wait4),
                              SCMP_SYS(prctl), SCMP_SYS(tgkill), SCMP_SYS(kill),
                              SCMP_SYS(ioctl), SCMP_SYS(clone3)};

constexpr int kFcntlCommands[] = {F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,    F_SETFD,  F_GETFL,
                                  F_SETFL,     F_GETLK,         F_SETLK,    F_SETLKW, F_OFD_GETLK,
                                  F_OFD_SETLK, F_OFD_SETLKW,    F_GET_SEALS};

// Namespaces, and children that would be the daemon's: it would never learn that they ended.
constexpr unsigned long kForbiddenClone = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                          CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                          CLONE_NEWNET | CLONE_PARENT;
constexpr unsigned long kSocketType = 0xF;  // without SOCK_CLOEXEC and SOCK_NONBLOCK
// MADV_HWPOISON: from here on an administrator spoils the machine's memory.
constexpr scmp_datum_t kFirstBadAdvice = 100;
constexpr unsigned long kWriting =
    O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release) {
    note(context_ == nullptr ? -ENOMEM : 0);
    // A 32-bit call would pass by this list. Looked up as a tree: it is asked at every call.
    note(seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    note(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  }

  void allow(std::span<const int> calls) {
    for (const int call : calls) {
      note(seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, call, 0, nullptr));
    }
  }
  void allow(int call, const std::vector<scmp_arg_cmp>& where) {
    note(seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, call,
                                static_cast<unsigned>(where.size()), where.data()));
  }
  // As if the kernel did not know it: libraries then use an older call.
  void unknown(int call) {
    note(seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(ENOSYS), call, 0, nullptr));
  }
  // 0, or a negative errno.
  int load() {
    note(error_ == 0 ? seccomp_load(context_.get()) : 0);
    return error_;
  }

 private:
  void note(int error) { error_ = error_ != 0 ? error_ : error; }

  std::unique_ptr<void, decltype(&seccomp_release)> context_;
  int error_ = 0;
};

scmp_arg_cmp equals(unsigned argument, scmp_datum_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp masked(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

void add_files(Filter& filter) {
  filter.allow(SCMP_SYS(open), {masked(1, kWriting, O_RDONLY)});
  filter.allow(SCMP_SYS(openat), {masked(2, kWriting, O_RDONLY)});
  filter.unknown(SCMP_SYS(openat2));
  for (const int command : kFcntlCommands) {  // not F_SETOWN: it sends signals to others
    filter.allow(SCMP_SYS(fcntl), {equals(1, static_cast<scmp_datum_t>(command))});
  }
}

// Only to and about itself.
void add_own_process(Filter& filter) {
  filter.allow(SCMP_SYS(madvise), {{2, SCMP_CMP_LT, kFirstBadAdvice, 0}});
  const auto self = static_cast<scmp_datum_t>(getpid());
  filter.allow(SCMP_SYS(kill), {equals(0, self)});
  filter.allow(SCMP_SYS(tgkill), {equals(0, self)});
  filter.allow(SCMP_SYS(prlimit64), {equals(0, 0)});
  for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS,
                           PR_GET_PDEATHSIG, PR_SET_VMA}) {
    filter.allow(SCMP_SYS(prctl), {equals(0, static_cast<scmp_datum_t>(option))});
  }
}

void add_channel(Filter& filter, int channel) {
  const auto socket = static_cast<scmp_datum_t>(channel);
  filter.allow(SCMP_SYS(sendto), {equals(0, socket), equals(4, 0)});  // not sendmsg: descriptors
  filter.allow(SCMP_SYS(recvfrom), {equals(0, socket)});
}

void add_granted(Filter& filter, const SyscallGrants& grants) {
  filter.unknown(SCMP_SYS(clone3));  // its flags are behind a pointer
  if (grants.exec) {
    filter.allow(kExec);
    for (const unsigned long request : kIoctlRequests) {
      filter.allow(SCMP_SYS(ioctl), {equals(1, request)});
    }
    filter.allow(SCMP_SYS(clone), {masked(0, kForbiddenClone, 0)});
  } else if (grants.threads) {
    filter.allow(SCMP_SYS(clone), {masked(0, kForbiddenClone | CLONE_THREAD, CLONE_THREAD)});
  }
  if (grants.network) {
    filter.allow(kNetwork);
    for (const int family : {AF_INET, AF_INET6}) {
      for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {  // raw ones make and read all packets
        filter.allow(SCMP_SYS(socket), {equals(0, static_cast<scmp_datum_t>(family)),
                                        masked(1, kSocketType, static_cast<scmp_datum_t>(type))});
      }
    }
  }
}

}  // namespace

Status apply_syscall_filter(const SyscallGrants& grants, int channel) {
  Filter filter;
  filter.allow(kAlways);
  add_files(filter);
  add_own_process(filter);
  add_channel(filter, channel);
  if (kUnderSanitizer) {
    filter.allow(kSanitizer);
  }
  add_granted(filter, grants);
  const int error = filter.load();
  if (error != 0) {
    const bool is_missing = error == -EINVAL || error == -ENOSYS || error == -EPERM;
    return Error(is_missing ? Error::Code::unsupported : Error::Code::internal,
                 fmt::format("seccomp: {}", std::generic_category().message(-error)));
  }
  return {};
}

}  // namespace baselined::worker
