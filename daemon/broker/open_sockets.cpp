#include "daemon/broker/open_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace baselined::broker {
namespace {

bool is_at(int socket, const Address& local, std::uint16_t port) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(socket, address, &size) != 0) {
    return false;
  }
  // The port is at the same place in both families.
  in_port_t its_port = 0;
  std::memcpy(&its_port, &reinterpret_cast<const sockaddr_in*>(address)->sin_port,
              sizeof(its_port));
  const auto its_address = Address::of(address);
  return its_address && its_address->bytes == local.bytes && ntohs(its_port) == port;
}

}  // namespace

bool OpenSockets::has_unread(const Address& local, std::uint16_t port) const {
  return std::any_of(sockets_.begin(), sockets_.end(), [&](int socket) {
    char byte = 0;
    return is_at(socket, local, port) &&
           ::recv(socket, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) > 0;
  });
}

}  // namespace baselined::broker
