#include "daemon/broker/address_guard.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace baselined::broker {
namespace {

struct Special {
  std::string_view network;
  std::string_view kind;
};

// The IANA registries of special-purpose addresses; of two that contain an address the first
// counts.
constexpr Special kSpecial[] = {
    {"0.0.0.0/8", "an unspecified"},
    {"10.0.0.0/8", "a private"},
    {"100.64.0.0/10", "a shared (CGNAT)"},
    {"127.0.0.0/8", "a loopback"},
    {"169.254.0.0/16", "a link-local"},
    {"172.16.0.0/12", "a private"},
    {"192.0.0.0/24", "a reserved"},
    {"192.0.2.0/24", "a documentation"},
    {"192.88.99.0/24", "a reserved"},
    {"192.168.0.0/16", "a private"},
    {"198.18.0.0/15", "a benchmarking"},
    {"198.51.100.0/24", "a documentation"},
    {"203.0.113.0/24", "a documentation"},
    {"224.0.0.0/4", "a multicast"},
    {"240.0.0.0/4", "a reserved"},
    {"::/128", "an unspecified"},
    {"::1/128", "a loopback"},
    {"::/96", "a reserved"},
    {"64:ff9b:1::/48", "a private"},
    {"100::/64", "a discarded"},
    {"2001::/23", "a reserved"},
    {"2001:db8::/32", "a documentation"},
    {"fc00::/7", "a private"},
    {"fe80::/10", "a link-local"},
    {"fec0::/10", "a private"},
    {"ff00::/8", "a multicast"},
};

// Where an IPv6 address carries an IPv4 address.
struct Embedding {
  std::string_view network;
  std::size_t offset;
};
constexpr Embedding kEmbeddings[] = {
    {"::ffff:0:0/96", 12}, {"::ffff:0:0:0/96", 12}, {"64:ff9b::/96", 12}, {"2002::/16", 2}};

std::vector<Network> networks_of_table() {
  std::vector<Network> networks;
  for (const Special& special : kSpecial) {
    networks.push_back(*Network::parse(special.network));
  }
  return networks;
}

std::optional<Address> embedded(const Address& address) {
  for (const Embedding& embedding : kEmbeddings) {
    if (Network::parse(embedding.network)->contains(address)) {
      Address inner;
      inner.is_v4 = true;
      std::copy_n(address.bytes.data() + embedding.offset, 4, inner.bytes.data());
      return inner;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Address> Address::of(const sockaddr* socket_address) {
  Address address;
  if (socket_address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, socket_address, sizeof(v4));
    std::memcpy(address.bytes.data(), &v4.sin_addr, 4);
    address.is_v4 = true;
    return address;
  }
  if (socket_address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, socket_address, sizeof(v6));
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
    return address;
  }
  return std::nullopt;
}

std::optional<Address> Address::parse(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.is_v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  return std::nullopt;
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes.data(), buffer.data(), buffer.size());
  return buffer.data();
}

std::optional<Network> Network::parse(std::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  const std::optional<Address> base = Address::parse(std::string(cidr.substr(0, slash)));
  if (!base) {
    return std::nullopt;
  }
  Network network{*base, base->is_v4 ? 32U : 128U};
  if (slash != std::string_view::npos) {
    unsigned bits = 0;
    const char* end = cidr.data() + cidr.size();
    const auto [stop, error] = std::from_chars(cidr.data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end || bits > network.bits) {
      return std::nullopt;
    }
    network.bits = bits;
  }
  return network;
}

bool Network::contains(const Address& address) const {
  if (address.is_v4 != base.is_v4) {
    return false;
  }
  const std::size_t whole = bits / 8;
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  const unsigned differing = whole < 16 ? unsigned{base.bytes[whole]} ^ address.bytes[whole] : 0U;
  return rest == 0 || (differing >> (8 - rest)) == 0;
}

std::string_view special_kind(const Address& address) {
  static const std::vector<Network> kNetworks = networks_of_table();
  if (const auto inner = embedded(address)) {
    return special_kind(*inner);
  }
  for (std::size_t i = 0; i < kNetworks.size(); ++i) {
    if (kNetworks[i].contains(address)) {
      return kSpecial[i].kind;
    }
  }
  return {};
}

Result<AddressGuard> AddressGuard::parse(const std::vector<std::string>& allow_networks) {
  AddressGuard guard;
  for (const std::string& text : allow_networks) {
    const auto network = Network::parse(text);
    if (!network) {
      return Error(Error::Code::config,
                   fmt::format("allow_networks: \"{}\" is no network like 10.1.2.0/24", text));
    }
    guard.allowed_.push_back(*network);
  }
  return guard;
}

bool AddressGuard::allows(const Address& address) const {
  const auto is_in = [](const Address& what) {
    return [&what](const Network& network) { return network.contains(what); };
  };
  if (special_kind(address).empty() || std::ranges::any_of(allowed_, is_in(address))) {
    return true;
  }
  const auto inner = embedded(address);
  return inner && std::ranges::any_of(allowed_, is_in(*inner));
}

std::string refusal(const Address& address) {
  const std::string text = address.text();
  return fmt::format(
      "its name leads to {}, {} address, which is refused unless the connection allows it: "
      "allow_networks = [\"{}/{}\"]",
      text, special_kind(address), text, address.is_v4 ? 32 : 128);
}

}  // namespace baselined::broker
