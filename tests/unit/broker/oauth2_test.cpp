#include "daemon/broker/oauth2.h"

#include <gtest/gtest.h>

namespace baselined::broker {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr SteadyTime kNow = SteadyTime(hours(1000));

std::string with_lifetime(const std::string& lifetime) {
  return "{\"access_token\":\"abc\"" + lifetime + "}";
}

TEST(AccessToken, IsRefreshedBeforeItExpires) {
  const std::pair<std::string, seconds> cases[] = {
      {",\"expires_in\":3600", seconds(3540)},
      {",\"expires_in\":100", seconds(89)},
      {",\"expires_in\":1", seconds(8)},
      {",\"expires_in\":-7", seconds(8)},
      {",\"expires_in\":99999999999", seconds(86340)},
      {",\"expires_in\":\"soon\"", seconds(269)},
      {"", seconds(269)},
  };
  for (const auto& [lifetime, expected] : cases) {
    const auto token = read_token(200, with_lifetime(lifetime), kNow);
    ASSERT_TRUE(token.has_value()) << lifetime;
    EXPECT_EQ(token->value.reveal(), "abc");
    EXPECT_EQ(token->refresh_at, kNow + expected) << lifetime;
  }
}

TEST(AccessToken, OfAnErrorOnlyAKnownCodeIsRepeated) {
  const auto known = read_token(401, "{\"error\":\"invalid_client\"}", kNow);
  ASSERT_FALSE(known.has_value());
  EXPECT_EQ(known.error().code(), Error::Code::auth);
  EXPECT_NE(known.error().message().find("HTTP 401 invalid_client"), std::string::npos);
  const auto other = read_token(400, "{\"error\":\"your secret is x\"}", kNow);
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().message().find("secret is"), std::string::npos);
}

}  // namespace
}  // namespace baselined::broker
