#include "daemon/kpi/calendar.h"

#include <gmock/gmock.h>

#include "tests/unit/kpi/fact_tables.h"

namespace baselined::kpi {
namespace {

using testing::HasSubstr;

TimeZone amsterdam() { return *TimeZone::find("Europe/Amsterdam"); }

std::vector<std::string> weeks(const std::string& from, const std::string& to,
                               const TimeZone& zone) {
  std::vector<std::string> mondays;
  for (const LocalDate monday : complete_weeks(at(from), at(to), zone)) {
    mondays.push_back(format_date(monday));
  }
  return mondays;
}

TEST(LastDays, EndAtTheLastMidnight) {
  const auto window = last_days("28d", at("2026-03-15T13:45:00Z"), amsterdam());
  ASSERT_TRUE(window);
  EXPECT_EQ(window->name, "28d");
  EXPECT_EQ(window->from, at("2026-02-14T23:00:00Z"));
  EXPECT_EQ(window->to, at("2026-03-14T23:00:00Z"));
}

TEST(LastDays, AtMidnightTheDayBeforeIsComplete) {
  const auto window = last_days("1d", at("2026-03-14T23:00:00Z"), amsterdam());
  ASSERT_TRUE(window);
  EXPECT_EQ(window->to, at("2026-03-14T23:00:00Z"));
  const auto before = last_days("1d", at("2026-03-14T22:59:59Z"), amsterdam());
  ASSERT_TRUE(before);
  EXPECT_EQ(before->to, at("2026-03-13T23:00:00Z"));
}

TEST(LastDays, AreLocalDaysOverAClockChange) {
  const auto window = last_days("7d", at("2026-04-01T10:00:00Z"), amsterdam());
  ASSERT_TRUE(window);
  EXPECT_EQ(window->from, at("2026-03-24T23:00:00Z"));  // winter time
  EXPECT_EQ(window->to, at("2026-03-31T22:00:00Z"));    // summer time
}

TEST(LastDays, RefusesWhatIsNoNumberOfDays) {
  for (const char* name :
       {"", "d", "7", "7w", "0d", "-7d", "7dd", " 7d", "7.5d", "36601d", "99999999999999d"}) {
    const auto window = last_days(name, at("2026-03-15"), amsterdam());
    ASSERT_FALSE(window) << name;
    EXPECT_EQ(window.error().code(), Error::Code::config);
    EXPECT_THAT(window.error().message(), HasSubstr("is not a window such as 7d"));
  }
}

TEST(ExplicitWindow, DatesAreLocalMidnights) {
  const auto window = explicit_window("2026-03-01", "2026-04-01", amsterdam());
  ASSERT_TRUE(window);
  EXPECT_EQ(window->name, "");
  EXPECT_EQ(window->from, at("2026-02-28T23:00:00Z"));
  EXPECT_EQ(window->to, at("2026-03-31T22:00:00Z"));
}

TEST(ExplicitWindow, TimesAreTakenAsTheyAre) {
  const auto window = explicit_window("2026-03-01T10:00:00+02:00", "2026-03-02", amsterdam());
  ASSERT_TRUE(window);
  EXPECT_EQ(window->from, at("2026-03-01T08:00:00Z"));
}

TEST(ExplicitWindow, RefusesEmptyAndReversed) {
  for (const char* to : {"2026-03-01", "2026-02-01"}) {
    const auto window = explicit_window("2026-03-01", to, amsterdam());
    ASSERT_FALSE(window);
    EXPECT_EQ(window.error().code(), Error::Code::config);
    EXPECT_THAT(window.error().message(), HasSubstr("'from' must be earlier"));
  }
}

TEST(ExplicitWindow, RefusesWhatIsNoTime) {
  for (const char* text : {"yesterday", "2026-02-30", "2026-03-01T25:00:00Z", ""}) {
    const auto window = explicit_window(text, "2026-04-01", amsterdam());
    ASSERT_FALSE(window) << text;
    EXPECT_THAT(window.error().message(), HasSubstr("neither a date such as"));
  }
}

TEST(ExposureDays, CountsLocalDaysBetweenMidnights) {
  // 28 days of which one has 23 hours, then one has 25.
  EXPECT_EQ(exposure_days(at("2026-03-14T23:00:00Z"), at("2026-04-11T22:00:00Z"), amsterdam()), 28);
  EXPECT_EQ(exposure_days(at("2026-10-11T22:00:00Z"), at("2026-11-08T23:00:00Z"), amsterdam()), 28);
}

TEST(ExposureDays, CountsElapsedTimeElsewhere) {
  EXPECT_DOUBLE_EQ(
      exposure_days(at("2026-03-01T06:00:00Z"), at("2026-03-02T18:00:00Z"), TimeZone::utc()), 1.5);
  // 28 days of 24 hours in UTC are no local days in Amsterdam over the change.
  EXPECT_DOUBLE_EQ(
      exposure_days(at("2026-03-14T23:00:00Z"), at("2026-04-11T23:00:00Z"), amsterdam()), 28);
  EXPECT_DOUBLE_EQ(
      exposure_days(at("2026-03-28T23:00:00Z"), at("2026-03-29T12:00:00Z"), amsterdam()),
      13.0 / 24);
}

TEST(CompleteWeeks, BeginOnMonday) {
  // 2026-03-02 and 2026-03-09 are Mondays.
  EXPECT_THAT(weeks("2026-03-02", "2026-03-16", TimeZone::utc()),
              testing::ElementsAre("2026-03-02", "2026-03-09"));
  EXPECT_THAT(weeks("2026-03-03", "2026-03-16", TimeZone::utc()),
              testing::ElementsAre("2026-03-09"));
  EXPECT_THAT(weeks("2026-03-01", "2026-03-15T23:59:59Z", TimeZone::utc()),
              testing::ElementsAre("2026-03-02"));
}

TEST(CompleteWeeks, AWeekThatLacksAnInstantIsNotComplete) {
  EXPECT_TRUE(weeks("2026-03-02T00:00:01Z", "2026-03-09", TimeZone::utc()).empty());
  EXPECT_TRUE(weeks("2026-03-02", "2026-03-08T23:59:59Z", TimeZone::utc()).empty());
  EXPECT_EQ(weeks("2026-03-02", "2026-03-09", TimeZone::utc()).size(), 1U);
}

TEST(CompleteWeeks, AreLocalWeeks) {
  EXPECT_THAT(weeks("2026-03-01T23:00:00Z", "2026-03-08T23:00:00Z", amsterdam()),
              testing::ElementsAre("2026-03-02"));
  // The week of the clock change has an hour less.
  EXPECT_THAT(weeks("2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z", amsterdam()),
              testing::ElementsAre("2026-03-23"));
}

TEST(CompleteWeeks, NothingInAnEmptySpan) {
  EXPECT_TRUE(weeks("2026-03-16", "2026-03-02", TimeZone::utc()).empty());
  EXPECT_TRUE(complete_weeks(UtcTime::max(), UtcTime::min(), TimeZone::utc()).empty());
}

}  // namespace
}  // namespace baselined::kpi
