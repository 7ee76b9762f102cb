// The sockets that libcurl has open. libcurl 7.88 does not tell before a request over which socket
// it will go, only from which local address. The engine's thread only.
#pragma once

#include <cstdint>
#include <set>

#include "daemon/broker/address_guard.h"

namespace baselined::broker {

class OpenSockets {
 public:
  void opened(int socket) { sockets_.insert(socket); }
  void closed(int socket) { sockets_.erase(socket); }
  // Has something arrived at the socket with this local address that nobody has read yet?
  bool has_unread(const Address& local, std::uint16_t port) const;

 private:
  std::set<int> sockets_;
};

}  // namespace baselined::broker
