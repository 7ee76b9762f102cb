// without_kernel landlock|seccomp|both PROGRAM [ARGUMENT...]: runs a program as if the kernel had
// no Landlock, no seccomp, or neither, by a filter of its own that answers for the kernel.
#include <seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

namespace {

bool add(scmp_filter_ctx filter, bool landlock, bool seccomp) {
  int error = 0;
  if (landlock) {
    for (const int call : {SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_add_rule),
                           SCMP_SYS(landlock_restrict_self)}) {
      error |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0);
    }
  }
  if (seccomp) {
    error |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0);
    const scmp_arg_cmp sets_a_filter = {0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0};
    error |=
        seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, &sets_a_filter);
  }
  return error == 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view what = count > 2 ? words[1] : "";
  const bool both = what == "both";
  if (!both && what != "landlock" && what != "seccomp") {
    std::fputs("usage: without_kernel landlock|seccomp|both PROGRAM [ARGUMENT...]\n", stderr);
    return 2;
  }
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr || !add(filter, both || what == "landlock", both || what == "seccomp") ||
      seccomp_load(filter) != 0) {
    std::fputs("without_kernel: no seccomp here to do it with\n", stderr);
    return 1;
  }
  execv(words[2], words + 2);
  std::perror(words[2]);
  return 1;
}
