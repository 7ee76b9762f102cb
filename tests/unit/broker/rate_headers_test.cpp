#include "daemon/broker/rate_headers.h"

#include <gtest/gtest.h>

namespace baselined::broker {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

UtcTime today() { return *parse_rfc3339("2026-11-29T12:00:00Z"); }

RateSigns read(const std::string& name, const std::string& value) {
  return read_rate_headers({{name, value}}, today());
}

struct Case {
  std::string value;
  std::optional<Microseconds> expected;
};

TEST(RetryAfter, IsSecondsOrADate) {
  const Case cases[] = {
      {"0", seconds(0)},
      {"120", seconds(120)},
      {" 7 ", seconds(7)},
      {"1.5", seconds(1)},
      {"Sun, 29 Nov 2026 12:05:00 GMT", minutes(5)},
      {"Sunday, 29-Nov-26 12:05:00 GMT", minutes(5)},
      {"Sun, 29 Nov 2026 11:00:00 GMT", seconds(0)},  // past: at once
      {"99999999999999999999999", hours(24 * 365)},
      {"4102444800", hours(24 * 365)},
      {"-1", std::nullopt},
      {"-99999999999999999999", std::nullopt},
      {"soon", std::nullopt},
      {"12 monkeys", seconds(12)},
      {"0x10", std::nullopt},
      {"", std::nullopt},
      {"NaN", std::nullopt},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(read("retry-after", each.value).retry_after, each.expected) << each.value;
  }
}

TEST(RateReset, IsFromNowOrAnEpochByItsMagnitude) {
  const std::int64_t now = to_us(today()) / 1'000'000;
  const Case cases[] = {
      {"60", seconds(60)},
      {"0", seconds(0)},
      {std::to_string(now + 90), seconds(90)},
      {std::to_string((now + 90) * 1000), seconds(90)},
      {std::to_string(now - 90), seconds(0)},
      {"2026-11-29T12:01:00Z", seconds(60)},
      {"999999999", hours(24 * 365)},
      {"9999999999999999999999", hours(24 * 365)},
      {"-5", std::nullopt},
      {"tomorrow", std::nullopt},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(read("x-ratelimit-reset", each.value).reset_in, each.expected) << each.value;
    EXPECT_EQ(read("ratelimit-reset", each.value).reset_in, each.expected) << each.value;
  }
}

TEST(RateRemaining, IsReadInBothDialects) {
  EXPECT_EQ(read("x-ratelimit-remaining", "17").remaining, 17U);
  EXPECT_EQ(read("ratelimit-remaining", "0").remaining, 0U);
  EXPECT_EQ(read("ratelimit-limit", "100, 100;w=60").limit, 100U);
  EXPECT_EQ(read("x-ratelimit-remaining", "-3").remaining, std::nullopt);
  EXPECT_EQ(read("x-ratelimit-remaining", "many").remaining, std::nullopt);
}

TEST(RateSigns, AnExhaustedLimitIsToldFromARefusal) {
  EXPECT_FALSE(RateSigns{}.is_exhausted());
  EXPECT_FALSE(read("x-ratelimit-remaining", "1").is_exhausted());
  EXPECT_TRUE(read("x-ratelimit-remaining", "0").is_exhausted());
  EXPECT_TRUE(read("retry-after", "1").is_exhausted());
}

TEST(RateSigns, OfTwoHeadersTheFirstCounts) {
  EXPECT_EQ(read_rate_headers({{"retry-after", "5"}, {"retry-after", "500"}}, today()).retry_after,
            seconds(5));
}

}  // namespace
}  // namespace baselined::broker
