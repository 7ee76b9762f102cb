#include "daemon/broker/pace.h"

#include <gtest/gtest.h>

#include "daemon/broker/retry.h"

namespace baselined::broker {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kStart = SteadyTime(hours(1000));

RateSigns after(Microseconds wait) {
  RateSigns signs;
  signs.retry_after = wait;
  return signs;
}

RateSigns used_up(std::optional<Microseconds> reset_in) {
  RateSigns signs;
  signs.remaining = 0;
  signs.reset_in = reset_in;
  return signs;
}

TEST(Pace, HoldsBackWhileTooManyAreUnderWay) {
  Pace pace;
  const PaceLimits limits{2, Microseconds(0)};
  pace.started(kStart);
  EXPECT_TRUE(pace.has_room(limits));
  pace.started(kStart);
  EXPECT_FALSE(pace.has_room(limits));
  pace.ended();
  EXPECT_TRUE(pace.has_room(limits));
}

TEST(Pace, KeepsTheGapBetweenStarts) {
  Pace pace;
  const PaceLimits limits{4, milliseconds(250)};
  EXPECT_LE(pace.earliest(limits), kStart);
  pace.started(kStart);
  pace.ended();
  EXPECT_EQ(pace.earliest(limits), kStart + milliseconds(250));
}

TEST(Pace, AnAnswerThatIsFineBlocksNothing) {
  Pace pace;
  EXPECT_EQ(pace.answered(200, {}, kStart), std::nullopt);
  EXPECT_EQ(pace.answered(200, after(minutes(5)), kStart), std::nullopt);
  EXPECT_EQ(pace.answered(403, {}, kStart), std::nullopt);
  EXPECT_EQ(pace.answered(500, after(minutes(5)), kStart), std::nullopt);
  EXPECT_LE(pace.blocked_until(), kStart);
}

TEST(Pace, ARefusalBlocksAsLongAsItSays) {
  for (const int status : {429, 403, 503}) {
    Pace pace;
    EXPECT_EQ(pace.answered(status, after(seconds(30)), kStart), seconds(30)) << status;
    EXPECT_EQ(pace.blocked_until(), kStart + seconds(30));
  }
}

TEST(Pace, TheLastRequestOfAWindowBlocksUntilItsEnd) {
  Pace pace;
  EXPECT_EQ(pace.answered(200, used_up(minutes(3)), kStart), minutes(3));
  EXPECT_EQ(pace.blocked_until(), kStart + minutes(3));
}

TEST(Pace, ARefusalWithoutATimeBlocksForAMinuteThenLonger) {
  Pace pace;
  EXPECT_EQ(pace.answered(429, {}, kStart), minutes(1));
  EXPECT_EQ(pace.answered(429, {}, kStart), minutes(2));
  EXPECT_EQ(pace.answered(403, used_up(std::nullopt), kStart), minutes(4));
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(*pace.answered(429, {}, kStart), hours(1));
  }
  EXPECT_EQ(pace.answered(200, {}, kStart), std::nullopt);
  EXPECT_EQ(pace.answered(429, {}, kStart), minutes(1));
}

TEST(Pace, AnHourIsTheLongestBlockWhateverIsTold) {
  Pace pace;
  EXPECT_EQ(pace.answered(429, after(hours(24 * 365)), kStart), hours(24 * 365));
  EXPECT_EQ(pace.blocked_until(), kStart + hours(1));
}

TEST(Pace, ALaterAnswerNeverShortensABlock) {
  Pace pace;
  pace.answered(429, after(minutes(10)), kStart);
  pace.answered(429, after(seconds(1)), kStart + seconds(5));
  pace.answered(200, {}, kStart + seconds(6));
  EXPECT_EQ(pace.blocked_until(), kStart + minutes(10));
}

TEST(Retry, IsForWhatCanBeRepeated) {
  for (const std::string method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}) {
    EXPECT_TRUE(may_retry(Failure::broken, method, 1)) << method;
    EXPECT_TRUE(may_retry(Failure::server_error, method, 1)) << method;
  }
  for (const std::string method : {"POST", "PATCH"}) {
    EXPECT_FALSE(may_retry(Failure::broken, method, 1)) << method;
    EXPECT_FALSE(may_retry(Failure::server_error, method, 1)) << method;
    EXPECT_TRUE(may_retry(Failure::unreached, method, 1)) << method;
    EXPECT_TRUE(may_retry(Failure::unavailable, method, 1)) << method;
    EXPECT_TRUE(may_retry(Failure::rate_limited, method, 1)) << method;
  }
}

TEST(Retry, EndsWithTheFourthAttempt) {
  EXPECT_TRUE(may_retry(Failure::unreached, "GET", 3));
  EXPECT_FALSE(may_retry(Failure::unreached, "GET", 4));
  EXPECT_FALSE(may_retry(Failure::rate_limited, "GET", 5));
}

TEST(Backoff, IsAnywhereUnderADoublingCeiling) {
  EXPECT_EQ(backoff(1, seconds(1), 0.0), seconds(0));
  EXPECT_EQ(backoff(1, seconds(1), 1.0), seconds(1));
  EXPECT_EQ(backoff(2, seconds(1), 1.0), seconds(2));
  EXPECT_EQ(backoff(3, seconds(1), 1.0), seconds(4));
  EXPECT_EQ(backoff(3, seconds(1), 0.5), seconds(2));
  EXPECT_EQ(backoff(3, seconds(1), 7.0), seconds(4));
  EXPECT_EQ(backoff(4'000'000'000U, seconds(1), 1.0), seconds(16));
}

}  // namespace
}  // namespace baselined::broker
