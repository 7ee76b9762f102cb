// Debian 12's headers know level 2. The rights of later levels are numbered here, from the kernel's
// documentation (Documentation/userspace-api/landlock.rst), and taken away where the kernel has
// them.
#include "daemon/worker/landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "daemon/base/under_sanitizer.h"

namespace baselined::worker {
namespace {

constexpr std::uint64_t kTruncate = 1ULL << 14U;     // since level 3
constexpr std::uint64_t kIoctlDevice = 1ULL << 15U;  // since level 5
constexpr std::uint64_t kBindTcp = 1ULL << 0U;       // since level 4
constexpr std::uint64_t kConnectTcp = 1ULL << 1U;
constexpr std::uint64_t kScopeAbstractSockets = 1ULL << 0U;  // since level 6
constexpr std::uint64_t kScopeSignals = 1ULL << 1U;

// struct landlock_ruleset_attr of level 6. An older kernel takes a shorter one.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};
constexpr std::array<std::size_t, 7> kRulesetBytes = {0, 8, 8, 8, 16, 16, 24};

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kList = LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kRead = kReadFile | kList;
constexpr std::uint64_t kExecute = LANDLOCK_ACCESS_FS_EXECUTE;

// What a program needs to be loaded, to tell the time in a zone, and to be given random numbers.
constexpr std::string_view kAlwaysRead[] = {
    "/lib",           "/lib64",           "/usr/lib",           "/usr/lib64",
    "/usr/local/lib", "/etc/ld.so.cache", "/dev/null",          "/dev/zero",
    "/dev/urandom",   "/dev/random",      "/usr/share/zoneinfo"};
constexpr std::string_view kResolverReads[] = {
    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
    "/etc/services", "/etc/protocols",
    // Not /etc/ssl: it has private keys too.
    "/etc/ssl/openssl.cnf", "/etc/ssl/certs", "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates"};
constexpr std::string_view kPrograms[] = {"/bin", "/sbin", "/usr/bin", "/usr/sbin",
                                          "/usr/local/bin"};

Error failed(std::string_view call) {
  return {Error::Code::internal,
          fmt::format("{}: {}", call, std::generic_category().message(errno))};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      close(number_);
    }
  }
  int number() const { return number_; }

 private:
  int number_;
};

std::uint64_t file_rights(int level) {
  std::uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;  // all of level 1
  rights |= level >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
  rights |= level >= 3 ? kTruncate : 0;
  rights |= level >= 5 ? kIoctlDevice : 0;
  return rights;
}

Status allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const Descriptor opened(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status = {};
  if (opened.number() < 0 || fstat(opened.number(), &status) != 0) {
    return {};  // not there, or out of reach: then it is to the plugin too
  }
  landlock_path_beneath_attr rule = {};
  rule.allowed_access = S_ISDIR(status.st_mode) ? rights : rights & ~kList;
  rule.parent_fd = opened.number();
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return failed("landlock_add_rule for " + path);
  }
  return {};
}

template <class Paths>
Status allow_all(int ruleset, const Paths& paths, std::uint64_t rights) {
  for (const std::string_view path : paths) {
    BL_CHECK(allow(ruleset, std::string(path), rights));
  }
  return {};
}

// glob() would take [ for a set of characters.
std::string escape_sets(const std::string& pattern) {
  std::string escaped;
  for (const char c : pattern) {
    escaped += c == '[' ? "[[]" : std::string(1, c);
  }
  return escaped;
}

// A pattern is expanded by the plugin too, which must be able to list the folder before it.
Status allow_granted(int ruleset, const std::string& granted) {
  const std::size_t wildcard = granted.find_first_of("*?");
  if (wildcard == std::string::npos) {
    return allow(ruleset, granted, kRead);
  }
  BL_CHECK(allow(ruleset, granted.substr(0, granted.rfind('/', wildcard) + 1), kList));
  glob_t found = {};
  glob(escape_sets(granted).c_str(), GLOB_NOSORT | GLOB_NOESCAPE, nullptr, &found);
  Status allowed;
  for (std::size_t i = 0; i < found.gl_pathc && allowed; ++i) {
    allowed = allow(ruleset, found.gl_pathv[i], kRead);
  }
  globfree(&found);
  return allowed;
}

}  // namespace

int landlock_level() {
  const long level =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return level > 0 ? static_cast<int>(level) : 0;
}

Status apply_landlock(const FileGrants& grants) {
  const int level = landlock_level();
  Ruleset taken;
  taken.files = file_rights(level);
  taken.network = grants.network ? kBindTcp : kBindTcp | kConnectTcp;
  taken.scopes = kScopeAbstractSockets | kScopeSignals;
  const std::size_t bytes =
      kRulesetBytes[std::min(static_cast<std::size_t>(level), kRulesetBytes.size() - 1)];
  const Descriptor ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &taken, bytes, 0)));
  if (ruleset.number() < 0) {
    return failed("landlock_create_ruleset");
  }
  BL_CHECK(allow_all(ruleset.number(), kAlwaysRead, kRead));
  if (grants.network) {
    BL_CHECK(allow_all(ruleset.number(), kResolverReads, kRead));
  }
  if (grants.exec) {
    BL_CHECK(allow_all(ruleset.number(), kPrograms, kRead | kExecute));
    BL_CHECK(allow_all(ruleset.number(), kAlwaysRead, kExecute));
  }
  if (kUnderSanitizer) {
    BL_CHECK(allow(ruleset.number(), "/proc", kRead));  // where a report finds its own process
  }
  for (const std::string& granted : grants.read) {
    BL_CHECK(allow_granted(ruleset.number(), granted));
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.number(), 0) != 0) {
    return failed("landlock_restrict_self");
  }
  return {};
}

}  // namespace baselined::worker
