#include "daemon/main/reload_signal.h"

#include <csignal>

namespace baselined {
namespace {

void mask(int how) {
  sigset_t reload;
  ::sigemptyset(&reload);
  ::sigaddset(&reload, SIGHUP);
  ::pthread_sigmask(how, &reload, nullptr);
}

}  // namespace

void hold_reload_signal() { mask(SIG_BLOCK); }

void release_reload_signal() { mask(SIG_UNBLOCK); }

}  // namespace baselined
