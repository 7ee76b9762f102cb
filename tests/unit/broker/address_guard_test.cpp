#include "daemon/broker/address_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baselined::broker {
namespace {

using testing::HasSubstr;

AddressGuard guard(const std::vector<std::string>& allowed = {}) {
  return *AddressGuard::parse(allowed);
}

bool allows(const std::string& address, const std::vector<std::string>& allowed = {}) {
  return guard(allowed).allows(*Address::parse(address));
}

TEST(AddressGuard, RefusesWhatIsNotThePublicInternet) {
  for (const std::string address : {"0.0.0.0",
                                    "0.1.2.3",
                                    "10.0.0.1",
                                    "10.255.255.255",
                                    "100.64.0.1",
                                    "100.127.255.255",
                                    "127.0.0.1",
                                    "127.255.0.1",
                                    "169.254.169.254",
                                    "172.16.0.1",
                                    "172.31.255.255",
                                    "192.0.0.8",
                                    "192.0.2.1",
                                    "192.88.99.1",
                                    "192.168.1.1",
                                    "198.18.0.1",
                                    "198.19.255.255",
                                    "198.51.100.7",
                                    "203.0.113.7",
                                    "224.0.0.1",
                                    "239.1.1.1",
                                    "240.0.0.1",
                                    "255.255.255.255",
                                    "::",
                                    "::1",
                                    "::7f00:1",
                                    "fc00::1",
                                    "fd00:ec2::254",
                                    "fe80::1",
                                    "febf::1",
                                    "fec0::1",
                                    "ff02::1",
                                    "100::1",
                                    "2001::1",
                                    "2001:10::1",
                                    "2001:db8::1",
                                    "64:ff9b:1::1"}) {
    EXPECT_FALSE(allows(address)) << address;
  }
}

TEST(AddressGuard, RefusesAnAddressThatCarriesARefusedOne) {
  for (const std::string address :
       {"::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:10.0.0.1", "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::"}) {
    EXPECT_FALSE(allows(address)) << address;
  }
}

TEST(AddressGuard, AllowsThePublicInternet) {
  for (const std::string address :
       {"1.1.1.1",         "9.255.255.255",     "11.0.0.0",       "100.63.255.255",
        "100.128.0.0",     "126.255.255.255",   "128.0.0.1",      "169.253.255.255",
        "169.255.0.0",     "172.15.255.255",    "172.32.0.0",     "192.167.255.255",
        "192.169.0.0",     "198.17.255.255",    "198.20.0.0",     "223.255.255.255",
        "2606:4700::1111", "2a00:1450:4001::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"}) {
    EXPECT_TRUE(allows(address)) << address;
  }
}

TEST(AddressGuard, AllowsWhatAConfiguredNetworkContains) {
  EXPECT_TRUE(allows("10.1.2.3", {"10.1.2.3/32"}));
  EXPECT_FALSE(allows("10.1.2.4", {"10.1.2.3/32"}));
  EXPECT_TRUE(allows("10.1.3.255", {"10.1.2.0/23"}));
  EXPECT_FALSE(allows("10.1.4.0", {"10.1.2.0/23"}));
  EXPECT_TRUE(allows("192.168.0.9", {"10.0.0.0/8", "192.168.0.9"}));
  EXPECT_TRUE(allows("fd12:3456::9", {"fd12:3456::/32"}));
  EXPECT_FALSE(allows("fd12:3457::9", {"fd12:3456::/32"}));
  EXPECT_TRUE(allows("::ffff:10.1.2.3", {"10.0.0.0/8"}));
  EXPECT_TRUE(allows("127.0.0.1", {"0.0.0.0/0"}));
  EXPECT_FALSE(allows("::1", {"0.0.0.0/0"}));
}

TEST(AddressGuard, WhatIsNoNetworkIsAConfigurationError) {
  for (const std::string text : {"", "10.0.0.0/33", "10.0.0/8", "host", "::/129", "10.0.0.0/",
                                 "10.0.0.0/8x", "10.0.0.0/-1"}) {
    const auto parsed = AddressGuard::parse({text});
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code(), Error::Code::config);
  }
}

TEST(Refusal, NamesTheAddressAndTheLineToAdd) {
  EXPECT_THAT(refusal(*Address::parse("10.1.2.3")), HasSubstr("10.1.2.3, a private address"));
  EXPECT_THAT(refusal(*Address::parse("10.1.2.3")),
              HasSubstr("allow_networks = [\"10.1.2.3/32\"]"));
  EXPECT_THAT(refusal(*Address::parse("fd00:ec2::254")),
              HasSubstr("allow_networks = [\"fd00:ec2::254/128\"]"));
  EXPECT_THAT(refusal(*Address::parse("169.254.169.254")), HasSubstr("a link-local address"));
}

}  // namespace
}  // namespace baselined::broker
