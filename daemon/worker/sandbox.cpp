#include "daemon/worker/sandbox.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <baselined/plugin.h>

#include <array>
#include <csignal>
#include <string_view>
#include <system_error>

#include "daemon/base/under_sanitizer.h"
#include "daemon/worker/landlock.h"
#include "daemon/worker/syscall_filter.h"

namespace baselined::worker {
namespace {

// Enough for a plugin that maps the packs of several repositories.
constexpr rlim_t kMaxOpenFiles = 256;
constexpr rlim_t kCpuGraceSeconds = 2;

Error failed(std::string_view call) {
  return {Error::Code::internal,
          fmt::format("{}: {}", call, std::generic_category().message(errno))};
}

// Never above what the process was started with. The hard limit is `more` higher.
Status limit(int resource, rlim_t value, std::string_view name, rlim_t more = 0) {
  rlimit current = {};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &current) != 0) {
    return failed(name);
  }
  const auto lowered = [&current](rlim_t to) {
    return current.rlim_max == RLIM_INFINITY ? to : std::min(to, current.rlim_max);
  };
  const rlimit wanted = {lowered(value), lowered(value + more)};
  if (setrlimit(static_cast<__rlimit_resource>(resource), &wanted) != 0) {
    return failed(name);
  }
  return {};
}

Status apply_resource_limits(const Limits& limits) {
  BL_CHECK(limit(RLIMIT_CORE, 0, "RLIMIT_CORE"));
  BL_CHECK(limit(RLIMIT_FSIZE, limits.max_file_bytes, "RLIMIT_FSIZE"));
  BL_CHECK(limit(RLIMIT_NOFILE, kMaxOpenFiles, "RLIMIT_NOFILE"));
  if (limits.max_cpu_seconds != 0) {
    // SIGXCPU, which says why; two seconds later SIGKILL, for a plugin that catches it.
    BL_CHECK(limit(RLIMIT_CPU, limits.max_cpu_seconds, "RLIMIT_CPU", kCpuGraceSeconds));
  }
  // A sanitizer reserves terabytes of address space.
  if (limits.max_memory_bytes != 0 && !kUnderSanitizer) {
    BL_CHECK(limit(RLIMIT_AS, limits.max_memory_bytes, "RLIMIT_AS"));
  }
  // A plugin that writes a file gets EFBIG, which it can report, instead of a signal.
  if (std::signal(SIGXFSZ, SIG_IGN) == SIG_ERR) {
    return failed("SIGXFSZ");
  }
  return {};
}

Status apply_process_flags(pid_t parent) {
  // The signal comes when the thread that started this process ends: the daemon starts workers from
  // its main thread. A parent that was gone before the call is found by looking again.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
    return failed("PR_SET_PDEATHSIG");
  }
  if (getppid() != parent) {
    return Error(Error::Code::internal, "the process that started this worker is gone");
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return failed("PR_SET_NO_NEW_PRIVS");
  }
  // The leak check of a sanitizer attaches to its own process, which this would forbid.
  if (!kUnderSanitizer && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return failed("PR_SET_DUMPABLE");
  }
  return {};
}

bool has(const Grants& grants, std::uint32_t capability) {
  return (grants.capabilities & capability) != 0;
}

// Of root's powers nothing stays but to read what is granted, whoever owns it. A program that is
// started gets none of them back: no new privileges.
Status drop_capabilities(const Grants& grants) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets = {};
  if (syscall(SYS_capget, &header, sets.data()) != 0) {
    return failed("capget");
  }
  if (sets[0].permitted == 0 && sets[1].permitted == 0) {
    return {};
  }
  const std::uint32_t kept =
      has(grants, BL_CAP_FS_READ) ? sets[0].permitted & (1U << CAP_DAC_READ_SEARCH) : 0;
  sets = {};
  sets[0].permitted = kept;
  sets[0].effective = kept;
  return syscall(SYS_capset, &header, sets.data()) == 0 ? Status() : failed("capset");
}

// The kernel's level of Landlock; 0 where it has none.
Result<std::uint32_t> confine_files(const Grants& grants) {
  const int level = landlock_level();
  if (level == 0) {
    return 0U;
  }
  FileGrants files;
  if (has(grants, BL_CAP_FS_READ)) {
    files.read = grants.read;
  }
  files.exec = has(grants, BL_CAP_EXEC);
  files.network = has(grants, BL_CAP_NET_DIRECT);
  BL_CHECK(apply_landlock(files));
  return static_cast<std::uint32_t>(level);
}

// False where the kernel has no seccomp.
Result<bool> confine_calls(const Grants& grants, int channel) {
  SyscallGrants calls;
  calls.threads = has(grants, BL_CAP_THREADS);
  calls.exec = has(grants, BL_CAP_EXEC);
  calls.network = has(grants, BL_CAP_NET_DIRECT);
  const Status applied = apply_syscall_filter(calls, channel);
  if (!applied && applied.error().code() != Error::Code::unsupported) {
    return applied.error();
  }
  return applied.has_value();
}

}  // namespace

Result<wire::Confinement> apply_sandbox(const SandboxRequest& request) {
  BL_CHECK(apply_resource_limits(request.limits));
  BL_CHECK(apply_process_flags(request.parent));
  BL_CHECK(drop_capabilities(request.grants));
  wire::Confinement confinement;
  BL_TRY(confinement.landlock, confine_files(request.grants));
  // Last: the calls that make Landlock's rules are none that a plugin may make.
  BL_TRY(confinement.seccomp, confine_calls(request.grants, request.channel));
  if (request.is_required && !confinement.is_full()) {
    return Error(
        Error::Code::config,
        fmt::format("the sandbox is required, and this system has no {}{}{}. Turn it on, or "
                    "write sandbox = \"auto\" in [daemon]",
                    confinement.landlock == 0 ? "Landlock" : "",
                    confinement.landlock == 0 && !confinement.seccomp ? " and no " : "",
                    confinement.seccomp ? "" : "seccomp"));
  }
  return confinement;
}

}  // namespace baselined::worker
