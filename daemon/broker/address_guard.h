// AddressGuard: which addresses a connection may reach. Looked at when a socket is about to be
// connected, so that no name, however it resolves, leads into the inner network unasked.
//
// Refused unless a network of `allow_networks` contains it: private, loopback, link-local (the
// metadata services of clouds), shared (CGNAT), multicast, unspecified, reserved. An address that
// carries an IPv4 address (mapped, 6to4, NAT64) is judged by both.
// Threads: immutable. Errors: config, a network that cannot be read.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace baselined::broker {

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4 = false;  // then the first four bytes

  static std::optional<Address> of(const sockaddr* socket_address);
  static std::optional<Address> parse(const std::string& text);
  std::string text() const;
};

struct Network {
  Address base;
  unsigned bits = 0;

  static std::optional<Network> parse(std::string_view cidr);
  bool contains(const Address& address) const;
};

// "a private", "a loopback", ... address; empty for one of the public internet.
std::string_view special_kind(const Address& address);

class AddressGuard {
 public:
  static Result<AddressGuard> parse(const std::vector<std::string>& allow_networks);

  bool allows(const Address& address) const;

 private:
  std::vector<Network> allowed_;
};

// What to tell the administrator: the address, and the line to add.
std::string refusal(const Address& address);

}  // namespace baselined::broker
