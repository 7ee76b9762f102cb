#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/base/time.h"

namespace baselined {
namespace {

using std::chrono::hours;

TimeZone zone(const std::string& name) { return TimeZone::find(name).value(); }
UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }
LocalDate day(std::string_view text) { return parse_date(text).value(); }

std::string start(const TimeZone& where, std::string_view date) {
  return format_rfc3339(where.start_of(day(date)));
}
Microseconds length(const TimeZone& where, std::string_view date) {
  return where.start_of(day(date) + std::chrono::days(1)) - where.start_of(day(date));
}

TEST(TimeZone, UtcNeedsNoDatabase) {
  const TimeZone utc = TimeZone::utc();
  EXPECT_EQ(utc.name(), "UTC");
  EXPECT_EQ(start(utc, "2026-03-29"), "2026-03-29T00:00:00Z");
  EXPECT_EQ(utc.day_of(at("2026-03-29T23:59:59.999999Z")), day("2026-03-29"));
  EXPECT_EQ(utc.day_of(at("1969-12-31T23:59:59.999999Z")), day("1969-12-31"));
}

TEST(TimeZone, CutsDaysWhereTheClocksSay) {
  const TimeZone amsterdam = zone("Europe/Amsterdam");
  EXPECT_EQ(amsterdam.day_of(at("2026-01-31T22:59:59.999999Z")), day("2026-01-31"));
  EXPECT_EQ(amsterdam.day_of(at("2026-01-31T23:00:00Z")), day("2026-02-01"));
  EXPECT_EQ(start(amsterdam, "2026-02-01"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(start(amsterdam, "2026-07-01"), "2026-06-30T22:00:00Z");
}

TEST(TimeZone, TheDayThatClocksGoForwardHas23Hours) {
  const TimeZone amsterdam = zone("Europe/Amsterdam");
  EXPECT_EQ(length(amsterdam, "2026-03-28"), hours(24));
  EXPECT_EQ(length(amsterdam, "2026-03-29"), hours(23));
  EXPECT_EQ(length(amsterdam, "2026-03-30"), hours(24));
}

TEST(TimeZone, TheDayThatClocksGoBackHas25Hours) {
  const TimeZone amsterdam = zone("Europe/Amsterdam");
  EXPECT_EQ(length(amsterdam, "2026-10-25"), hours(25));
  // 02:30 exists twice; both belong to the day.
  EXPECT_EQ(amsterdam.day_of(at("2026-10-25T00:30:00Z")), day("2026-10-25"));
  EXPECT_EQ(amsterdam.day_of(at("2026-10-25T01:30:00Z")), day("2026-10-25"));
}

TEST(TimeZone, ASkippedMidnightStartsTheDayAtTheFirstInstantThatExists) {
  const TimeZone sao_paulo = zone("America/Sao_Paulo");
  EXPECT_EQ(start(sao_paulo, "2018-11-04"), "2018-11-04T03:00:00Z");
  EXPECT_EQ(length(sao_paulo, "2018-11-04"), hours(23));
  EXPECT_EQ(sao_paulo.day_of(at("2018-11-04T02:59:59.999999Z")), day("2018-11-03"));
  EXPECT_EQ(sao_paulo.day_of(at("2018-11-04T03:00:00Z")), day("2018-11-04"));
}

TEST(TimeZone, AMidnightThatHappensTwiceStartsTheDayAtTheFirst) {
  const TimeZone havana = zone("America/Havana");  // 2018-11-04 01:00 went back to 00:00
  EXPECT_EQ(start(havana, "2018-11-04"), "2018-11-04T04:00:00Z");
  EXPECT_EQ(length(havana, "2018-11-04"), hours(25));
}

TEST(TimeZone, ADayThatNeverWasIsEmpty) {
  const TimeZone apia = zone("Pacific/Apia");  // went from 2011-12-29 to 2011-12-31
  EXPECT_EQ(length(apia, "2011-12-30"), hours(0));
  EXPECT_EQ(apia.day_of(apia.start_of(day("2011-12-31"))), day("2011-12-31"));
}

TEST(TimeZone, HalfHoursAndNegativeTimesWork) {
  EXPECT_EQ(start(zone("Asia/Kolkata"), "2026-03-01"), "2026-02-28T18:30:00Z");
  EXPECT_EQ(zone("Europe/Amsterdam").day_of(at("1950-06-01T00:00:00.000001Z")), day("1950-06-01"));
}

TEST(TimeZone, TheStartOfADayIsInThatDay) {
  for (const char* name : {"Europe/Amsterdam", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut",
                           "Australia/Lord_Howe", "America/Havana"}) {
    const TimeZone where = zone(name);
    for (LocalDate date = day("2010-01-01"); date < day("2030-01-01");
         date += std::chrono::days(1)) {
      const UtcTime begin = where.start_of(date);
      ASSERT_EQ(where.day_of(begin), date) << name << " " << format_date(date);
      ASSERT_LT(where.day_of(begin - Microseconds(1)), date) << name << " " << format_date(date);
    }
  }
}

// Nothing is before the earliest time, so its day begins with it.
TEST(TimeZone, EveryTimeHasADay) {
  for (const char* name : {"UTC", "Europe/Amsterdam", "America/New_York"}) {
    const TimeZone where = zone(name);
    const LocalDate earliest = where.day_of(UtcTime::min());
    EXPECT_EQ(where.start_of(earliest), UtcTime::min()) << name;
    EXPECT_EQ(where.start_of(earliest - std::chrono::days(1)), UtcTime::min()) << name;
    EXPECT_GT(where.start_of(earliest + std::chrono::days(1)), UtcTime::min()) << name;
    const LocalDate latest = where.day_of(UtcTime::max());
    EXPECT_LE(where.start_of(latest), UtcTime::max()) << name;
    EXPECT_GT(where.start_of(latest), UtcTime::max() - std::chrono::days(1)) << name;
  }
}

TEST(TimeZone, AnUnknownNameIsAConfigurationError) {
  for (const char* name : {"Europe/Amsterdm", "", "../../etc/passwd", "utc "}) {
    const auto found = TimeZone::find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code(), Error::Code::config);
    EXPECT_EQ(found.error().message(),
              std::string("'") + name +
                  "' is not a time zone of the tz database (package tzdata), such as "
                  "Europe/Amsterdam");
  }
}

// What such a name means depends on the machine.
TEST(TimeZone, AStandInForAZoneIsAConfigurationError) {
  for (const char* name : {"localtime", "posixrules", "Factory"}) {
    const auto found = TimeZone::find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code(), Error::Code::config);
    EXPECT_THAT(found.error().message(), testing::HasSubstr("does not say which zone is meant"));
    EXPECT_THAT(TimeZone::names(), testing::Not(testing::Contains(name)));
  }
}

TEST(TimeZone, ZonesWithoutAPlaceStayLegal) {
  for (const char* name : {"UTC", "Etc/UTC", "Etc/GMT-1"}) {
    EXPECT_TRUE(TimeZone::find(name)) << name;
  }
}

TEST(TimeZone, NamesListsWhatCanBeFound) {
  const std::vector<std::string> names = TimeZone::names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "UTC"));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "Europe/Amsterdam"));
}

}  // namespace
}  // namespace baselined
