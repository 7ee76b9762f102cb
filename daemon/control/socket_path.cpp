#include "daemon/control/socket_path.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <string>

namespace baselined::control {

Result<sockaddr_un> socket_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.empty() || text.size() >= sizeof(address.sun_path)) {
    return Error(Error::Code::config,
                 fmt::format("the control socket's path has {} bytes and may have at most {}: {}; "
                             "choose a shorter state_dir",
                             text.size(), sizeof(address.sun_path) - 1, text));
  }
  text.copy(address.sun_path, text.size());
  return address;
}

}  // namespace baselined::control
