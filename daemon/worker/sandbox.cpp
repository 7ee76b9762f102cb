#include "daemon/worker/sandbox.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <string_view>
#include <system_error>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BL_UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BL_UNDER_SANITIZER 1
#endif
#endif

namespace baselined::worker {
namespace {

#ifdef BL_UNDER_SANITIZER
constexpr bool kUnderSanitizer = true;
#else
constexpr bool kUnderSanitizer = false;
#endif

// Enough for a plugin that maps the packs of several repositories.
constexpr rlim_t kMaxOpenFiles = 256;

Error failed(std::string_view call) {
  return {Error::Code::internal,
          fmt::format("{}: {}", call, std::generic_category().message(errno))};
}

// Never above what the process was started with.
Status limit(int resource, rlim_t value, std::string_view name) {
  rlimit current = {};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &current) != 0) {
    return failed(name);
  }
  const rlim_t lowered =
      current.rlim_max == RLIM_INFINITY ? value : std::min(value, current.rlim_max);
  const rlimit wanted = {lowered, lowered};
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
    BL_CHECK(limit(RLIMIT_CPU, limits.max_cpu_seconds, "RLIMIT_CPU"));
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

}  // namespace

Status Sandbox::apply(const Limits& limits, pid_t parent) {
  // The signal comes when the thread that started this process ends: the daemon starts workers from
  // its main thread. A parent that was gone before the call is found by looking again.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
    return failed("PR_SET_PDEATHSIG");
  }
  if (getppid() != parent) {
    return Error(Error::Code::internal, "the process that started this worker is gone");
  }
  BL_CHECK(apply_resource_limits(limits));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return failed("PR_SET_NO_NEW_PRIVS");
  }
  // The leak check of a sanitizer attaches to its own process, which this would forbid.
  if (!kUnderSanitizer && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return failed("PR_SET_DUMPABLE");
  }
  return {};
}

}  // namespace baselined::worker
