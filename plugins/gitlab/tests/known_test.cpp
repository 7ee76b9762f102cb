#include "../known.h"

#include <gtest/gtest.h>

#include "../item.h"

namespace baselined::gitlab {
namespace {

int month_of(std::string_view text) { return Known::month_of(parse_time(text).value()); }

TEST(Known, MonthsFollowEachOther) {
  EXPECT_EQ(month_of("2026-03-31T23:59:59Z"), month_of("2026-03-01T00:00:00Z"));
  EXPECT_EQ(month_of("2026-04-01T00:00:00Z"), month_of("2026-03-31T23:59:59Z") + 1);
  EXPECT_EQ(month_of("2027-01-01T00:00:00Z"), month_of("2026-12-31T23:59:59Z") + 1);
}

TEST(Known, WhatClaimsToBeOlderThanGitLabIsOfItsFirstMonth) {
  EXPECT_EQ(month_of("1969-07-20T20:17:00Z"), month_of("2011-01-31T00:00:00Z"));
  EXPECT_EQ(Known::month_of(Time{BL_BEGINNING}), month_of("2011-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace baselined::gitlab
