#include "daemon/base/time.h"

#include <gtest/gtest.h>

#include <limits>

namespace baselined {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct TimeCase {
  const char* text;
  std::int64_t us;
  const char* canonical;
};

class Rfc3339 : public testing::TestWithParam<TimeCase> {};

TEST_P(Rfc3339, IsReadAndWritten) {
  const auto time = parse_rfc3339(GetParam().text);
  ASSERT_TRUE(time) << GetParam().text;
  EXPECT_EQ(to_us(*time), GetParam().us) << GetParam().text;
  EXPECT_EQ(format_rfc3339(*time), GetParam().canonical);
}

// Seconds since 1970 as `date -u -d TEXT +%s` prints them.
constexpr TimeCase kTimes[] = {
    {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
    {"2026-03-01T08:00:00Z", 1772352000'000000, "2026-03-01T08:00:00Z"},
    {"2026-03-01t08:00:00z", 1772352000'000000, "2026-03-01T08:00:00Z"},
    {"2026-03-01 08:00:00Z", 1772352000'000000, "2026-03-01T08:00:00Z"},
    {"2026-03-01T09:00:00+01:00", 1772352000'000000, "2026-03-01T08:00:00Z"},
    {"2026-02-28T21:30:00-10:30", 1772352000'000000, "2026-03-01T08:00:00Z"},
    {"2026-03-01T08:00:00-00:00", 1772352000'000000, "2026-03-01T08:00:00Z"},
    {"2026-03-01T08:00:00.5Z", 1772352000'500000, "2026-03-01T08:00:00.500000Z"},
    {"2026-03-01T08:00:00.000001Z", 1772352000'000001, "2026-03-01T08:00:00.000001Z"},
    {"2026-03-01T08:00:00.1234567Z", 1772352000'123456, "2026-03-01T08:00:00.123456Z"},
    {"2026-03-01T08:00:00.000Z", 1772352000'000000, "2026-03-01T08:00:00Z"},
    {"1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"},
    {"1969-12-31T23:59:59Z", -1'000000, "1969-12-31T23:59:59Z"},
    {"2024-02-29T00:00:00Z", 1709164800'000000, "2024-02-29T00:00:00Z"},
    {"2016-12-31T23:59:60Z", 1483228800'000000, "2017-01-01T00:00:00Z"},
    {"0001-01-01T00:00:00Z", -62135596800'000000, "0001-01-01T00:00:00Z"},
    {"0000-01-01T00:00:00Z", -62167219200'000000, "0000-01-01T00:00:00Z"},
    {"9999-12-31T23:59:59.999999Z", 253402300799'999999, "9999-12-31T23:59:59.999999Z"},
};
INSTANTIATE_TEST_SUITE_P(Table, Rfc3339, testing::ValuesIn(kTimes));

// As `date -u -d @SECONDS` prints them.
TEST(FormatRfc3339, WritesEveryTimeThereIs) {
  EXPECT_EQ(format_rfc3339(from_us(253402300800'000000)), "10000-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(from_us(-62167219200'000001)), "-001-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(UtcTime::max()), "294247-01-10T04:00:54.775807Z");
  EXPECT_EQ(format_rfc3339(UtcTime::min()), "-290308-12-21T19:59:05.224192Z");
}

TEST(ParseRfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "Z",
                           "2026",
                           "2026-03-01",
                           "2026-03-01T",
                           "2026-03-01T08:00",
                           "2026-03-01T08:00Z",
                           "2026-03-01T08:00:00",
                           "2026-03-01T08:00:00.Z",
                           "2026-03-01T08:00:00+0100",
                           "2026-03-01T08:00:00+01",
                           "2026-03-01T08:00:00+24:00",
                           "2026-03-01T08:00:00+01:60",
                           "2026-03-01T08:00:00Zx",
                           "2026-03-01T08:00:00+01:00x",
                           "2026-03-01T24:00:00Z",
                           "2026-03-01T08:60:00Z",
                           "2026-03-01T08:00:61Z",
                           "2026-02-30T08:00:00Z",
                           "2025-02-29T08:00:00Z",
                           "2026-13-01T08:00:00Z",
                           "2026-00-01T08:00:00Z",
                           "2026-01-00T08:00:00Z",
                           "26-03-01T08:00:00Z",
                           "2026/03/01T08:00:00Z",
                           "2026-03-01X08:00:00Z",
                           "2026-03-01T08.00.00Z",
                           " 2026-03-01T08:00:00Z",
                           "-026-03-01T08:00:00Z",
                           "2026-03-01T08:00:00.12a4Z",
                           "10000-01-01T00:00:00Z",
                           "2026-03-01T+8:00:00Z"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code(), Error::Code::config);
    EXPECT_EQ(time.error().message(),
              std::string("'") + text + "' is not a time such as 2026-03-01T08:00:00Z");
  }
}

TEST(ParseRfc3339, StopsAtTheTextsEnd) {
  const std::string text = "2026-03-01T08:00:00Z";
  for (std::size_t length = 0; length < text.size(); ++length) {
    // A buffer of exactly this size, so that reading past it is seen by a sanitizer.
    const std::vector<char> exact(text.begin(), text.begin() + static_cast<long>(length));
    EXPECT_FALSE(parse_rfc3339(std::string_view(exact.data(), exact.size()))) << length;
  }
}

TEST(ParseRfc3339, SurvivesAFractionOfAnyLength) {
  const auto time = parse_rfc3339("2026-03-01T08:00:00." + std::string(10'000, '9') + "Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_us(*time), 1772352000'999999);
}

TEST(ParseDate, ReadsAndWritesADay) {
  const auto date = parse_date("2026-03-01");
  ASSERT_TRUE(date);
  EXPECT_EQ(date->time_since_epoch(), std::chrono::days(20513));
  EXPECT_EQ(format_date(*date), "2026-03-01");
}

TEST(ParseDate, RefusesWhatIsNoDay) {
  for (const char* text : {"", "2026-3-1", "2026-02-29", "2026-03-01 ", "2026-03-01T00:00:00Z",
                           "20260301", "2026-03-32", "abcd-ef-gh"}) {
    const auto date = parse_date(text);
    ASSERT_FALSE(date) << text;
    EXPECT_EQ(date.error().message(),
              std::string("'") + text + "' is not a date such as 2026-03-01");
  }
}

TEST(ParseDuration, AddsUpItsParts) {
  EXPECT_EQ(parse_duration("90s").value(), seconds(90));
  EXPECT_EQ(parse_duration("15m").value(), minutes(15));
  EXPECT_EQ(parse_duration("6h").value(), hours(6));
  EXPECT_EQ(parse_duration("28d").value(), hours(28 * 24));
  EXPECT_EQ(parse_duration("2w").value(), hours(14 * 24));
  EXPECT_EQ(parse_duration("1h30m").value(), minutes(90));
  EXPECT_EQ(parse_duration("1s500ms").value(), Microseconds(1'500'000));
  EXPECT_EQ(parse_duration("7us").value(), Microseconds(7));
  EXPECT_EQ(parse_duration("0s").value(), Microseconds(0));
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "15", "m", "-1s", "+1s", "1.5h", "1 h", " 1h", "1h ", "1H", "1y",
                           "1h-5m", "1hm", "99999999999999999999s", "9223372036854775807w",
                           "9000000000000000s9000000000000000s", "1s,2s", "0x10s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(ParseDuration, SaysWhatADurationIs) {
  EXPECT_EQ(parse_duration("soon").error().message(),
            "'soon' is not a duration such as 90s, 15m, 6h, 28d or 1h30m");
}

TEST(FormatDuration, ShowsAtMostTwoNeighbouringUnits) {
  EXPECT_EQ(format_duration(Microseconds(0)), "0s");
  EXPECT_EQ(format_duration(Microseconds(7)), "7us");
  EXPECT_EQ(format_duration(Microseconds(350'000)), "350ms");
  EXPECT_EQ(format_duration(seconds(250)), "4m 10s");
  EXPECT_EQ(format_duration(hours(51)), "2d 3h");
  EXPECT_EQ(format_duration(hours(24 * 28)), "28d");
  EXPECT_EQ(format_duration(hours(48) + minutes(5)), "2d");
  EXPECT_EQ(format_duration(hours(1) + minutes(2) + seconds(3)), "1h 2m");
  EXPECT_EQ(format_duration(-seconds(90)), "-1m 30s");
}

TEST(FormatDuration, HandlesTheExtremes) {
  EXPECT_EQ(format_duration(Microseconds(std::numeric_limits<std::int64_t>::max())),
            "106751991d 4h");
  EXPECT_EQ(format_duration(Microseconds(std::numeric_limits<std::int64_t>::min())),
            "-106751991d 4h");
}

TEST(SystemClock, SteadyTimeDoesNotRunBackwards) {
  const SystemClock clock;
  const SteadyTime before = clock.steady_now();
  EXPECT_LE(before, clock.steady_now());
  EXPECT_GT(clock.now(), parse_rfc3339("2020-01-01T00:00:00Z").value());
}

}  // namespace
}  // namespace baselined
