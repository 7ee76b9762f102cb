// escape_unconfined: prints the group and the name of each attempt of the escape plugin.
// escape_unconfined OUTSIDE GRANTED STATE CONFIGURATION PORT: makes them without a sandbox, but for
// those that no test makes without one, and prints how each ended.
//
// Each in a child of its own, in folders that are the test's, against children that stand for the
// daemon and for another worker; what is mounted is seen by nobody else.
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "tests/integration/escape/attempt.h"

namespace {

constexpr unsigned kPatienceSeconds = 60;

char byte_of_everybody = 'a';

pid_t start_victim() {
  const pid_t victim = fork();
  if (victim == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    while (true) {
      pause();
    }
  }
  return victim;
}

void hide_mounts() {
  if (unshare(CLONE_NEWNS) == 0) {
    mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  }
}

escape::Targets targets_from(char** words) {
  escape::Targets targets;
  targets.granted = words[2];
  targets.state = words[3];
  targets.configuration = words[4];
  targets.port = std::atoi(words[5]);  // NOLINT(cert-err34-c)
  targets.daemon = start_victim();
  targets.worker = start_victim();
  targets.address = &byte_of_everybody;
  targets.image = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  std::array<int, 2> ends = {-1, -1};
  if (targets.image < 0 || ftruncate(targets.image, 1) != 0 ||
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    std::perror("escape_unconfined");
    std::exit(1);
  }
  targets.channel = ends[0];
  return targets;
}

int make_in_child(const escape::Attempt& attempt, const escape::Targets& targets,
                  const char* outside) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(kPatienceSeconds);
    _exit(escape::make(attempt, targets, outside));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

}  // namespace

int main(int count, char** words) {
  if (count != 6) {
    for (const escape::Attempt& attempt : escape::all_attempts()) {
      std::puts(escape::line_of(attempt, 0).c_str());
    }
    return 0;
  }
  hide_mounts();
  const escape::Targets targets = targets_from(words);
  for (const escape::Attempt& attempt : escape::all_attempts()) {
    if (!attempt.is_confined_only) {
      std::puts(escape::line_of(attempt, make_in_child(attempt, targets, words[1])).c_str());
    }
  }
  kill(targets.daemon, SIGKILL);
  kill(targets.worker, SIGKILL);
  return 0;
}
