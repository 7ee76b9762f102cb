#include "../known.h"

#include <gtest/gtest.h>

#include "../item.h"

namespace baselined::gitlab {
namespace {

int day_of(std::string_view text) { return Known::day_of(parse_time(text).value()); }

TEST(Known, DaysFollowEachOther) {
  EXPECT_EQ(day_of("2026-03-31T23:59:59Z"), day_of("2026-03-31T00:00:00Z"));
  EXPECT_EQ(day_of("2026-04-01T00:00:00Z"), day_of("2026-03-31T23:59:59Z") + 1);
}

TEST(Known, WhatClaimsToBeVeryOldIsOfTheFirstDay) {
  EXPECT_EQ(day_of("1969-07-20T20:17:00Z"), 0);
  EXPECT_EQ(Known::day_of(Time{BL_BEGINNING}), 0);
}

}  // namespace
}  // namespace baselined::gitlab
