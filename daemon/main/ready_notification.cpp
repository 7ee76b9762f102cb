#include "daemon/main/ready_notification.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "daemon/base/log.h"

namespace baselined {
namespace {

// A manager that is busy, as at boot, has a full queue for a moment. What it never hears it takes
// for a start that failed.
constexpr timeval kPatience = {5, 0};

// 0, or what was wrong. A name that begins with @ is not in the file system.
int send_to(std::string name, std::string_view text) {
  sockaddr_un address{};
  if (name.size() >= sizeof(address.sun_path)) {
    return ENAMETOOLONG;
  }
  if (name.front() == '@') {
    name.front() = '\0';
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) {
    return errno;
  }
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ssize_t sent = 0;
  do {  // a signal ends the wait even where its handler restarts calls: signal(7)
    sent = ::sendto(socket, text.data(), text.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address), size);
  } while (sent < 0 && errno == EINTR);
  const int failure = sent < 0 ? errno : 0;
  ::close(socket);
  return failure;
}

}  // namespace

void notify_ready() {
  const char* set = std::getenv("NOTIFY_SOCKET");
  const std::string name = set == nullptr ? "" : set;
  ::unsetenv("NOTIFY_SOCKET");
  if (name.empty()) {
    return;
  }
  if (const int failure = send_to(name, "READY=1"); failure != 0) {
    log::warn("cannot tell the service manager that the daemon is ready (NOTIFY_SOCKET={}): {}",
              name, std::strerror(failure));
  }
}

}  // namespace baselined
