#include "daemon/schedule/delays.h"

#include <gtest/gtest.h>

namespace baselined::schedule {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kAlmostOne = 0.999999999;

struct BackoffCase {
  std::uint32_t failures;
  Microseconds ceiling;
};

class BackoffDelay : public testing::TestWithParam<BackoffCase> {};

TEST_P(BackoffDelay, IsBetweenTheFloorAndTheCeiling) {
  const auto& [failures, ceiling] = GetParam();
  EXPECT_EQ(backoff_delay(failures, 0.0), seconds(10));
  EXPECT_GT(backoff_delay(failures, kAlmostOne), ceiling - seconds(1));
  EXPECT_LE(backoff_delay(failures, kAlmostOne), ceiling);
  EXPECT_EQ(backoff_delay(failures, 0.5), (seconds(10) + ceiling) / 2);
}

constexpr BackoffCase kCases[] = {
    {0, minutes(1)}, {1, minutes(1)},  {2, minutes(2)},  {3, minutes(4)},
    {4, minutes(8)}, {5, minutes(16)}, {6, minutes(32)}, {7, hours(1)},
    {8, hours(1)},   {17, hours(1)},   {1000, hours(1)}, {4294967295U, hours(1)},
};
INSTANTIATE_TEST_SUITE_P(Table, BackoffDelay, testing::ValuesIn(kCases));

TEST(BackoffDelay, ARandomNumberOutOfRangeDoesNotBreakTheBounds) {
  EXPECT_EQ(backoff_delay(3, -5.0), seconds(10));
  EXPECT_EQ(backoff_delay(3, 7.0), minutes(4));
}

TEST(RateLimitDelay, IsNeverShorterThanTheSourceAsked) {
  EXPECT_EQ(rate_limit_delay(minutes(5), 1, 0.0), minutes(5));
  EXPECT_EQ(rate_limit_delay(minutes(5), 1, 0.5), minutes(5) + seconds(15));
  EXPECT_EQ(rate_limit_delay(seconds(1), 9, 0.0), seconds(1));
}

TEST(RateLimitDelay, AddsAtMostAMinute) {
  EXPECT_LE(rate_limit_delay(hours(10), 1, kAlmostOne), hours(10) + minutes(1));
  EXPECT_GT(rate_limit_delay(hours(10), 1, kAlmostOne), hours(10) + seconds(59));
}

TEST(RateLimitDelay, ADayIsTheLongestThatASourceCanAsk) {
  EXPECT_EQ(rate_limit_delay(Microseconds::max(), 1, 0.0), hours(24));
}

TEST(RateLimitDelay, WithoutATimeItBacksOff) {
  EXPECT_EQ(rate_limit_delay(Microseconds(0), 3, 1.0), minutes(4));
  EXPECT_EQ(rate_limit_delay(-minutes(1), 3, 1.0), minutes(4));
}

TEST(ProbeDelay, IsAnHourAndALittleMore) {
  EXPECT_EQ(probe_delay(0.0), hours(1));
  EXPECT_EQ(probe_delay(1.0), minutes(63));
}

TEST(SlotJitter, IsATwentiethOfTheIntervalAndAtMostTenSeconds) {
  EXPECT_EQ(slot_jitter(minutes(15), 0.0), Microseconds(0));
  EXPECT_EQ(slot_jitter(seconds(20), 1.0), seconds(1));
  EXPECT_EQ(slot_jitter(minutes(15), 1.0), seconds(10));
  EXPECT_EQ(slot_jitter(hours(24), 0.5), seconds(5));
}

}  // namespace
}  // namespace baselined::schedule
