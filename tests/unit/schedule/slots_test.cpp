#include "daemon/schedule/slots.h"

#include <gtest/gtest.h>

#include <set>

namespace baselined::schedule {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

SteadyTime at(Microseconds since_boot) { return SteadyTime(since_boot); }

TEST(Slots, TheOffsetDependsOnTheNameAlone) {
  // Pinned: another hash would move every slot of every installation at an upgrade.
  EXPECT_EQ(Slots("product-git", minutes(15)).offset(), Microseconds(54'896'085));
  EXPECT_EQ(Slots("shop-forge", minutes(15)).offset(), Microseconds(592'225'417));
}

TEST(Slots, TheOffsetIsBelowTheInterval) {
  for (int i = 0; i < 200; ++i) {
    const Slots slots("collector-" + std::to_string(i), seconds(7));
    EXPECT_GE(slots.offset(), Microseconds(0));
    EXPECT_LT(slots.offset(), seconds(7));
  }
}

TEST(Slots, NamesSpreadOverTheInterval) {
  std::set<std::int64_t> tenths;
  for (int i = 0; i < 200; ++i) {
    tenths.insert(Slots("collector-" + std::to_string(i), minutes(10)).offset() / minutes(1));
  }
  EXPECT_EQ(tenths.size(), 10U);
}

TEST(Slots, AfterIsTheNextSlotEvenAtASlot) {
  const Slots slots("a", minutes(5));
  const SteadyTime first = at(slots.offset());
  EXPECT_EQ(slots.after(first - Microseconds(1)), first);
  EXPECT_EQ(slots.after(first), first + minutes(5));
  EXPECT_EQ(slots.after(first + minutes(5) - Microseconds(1)), first + minutes(5));
}

TEST(Slots, AfterIsRightBeforeTheClocksZero) {
  const Slots slots("a", minutes(5));
  const SteadyTime first = at(slots.offset());
  EXPECT_EQ(slots.after(first - minutes(5)), first);
  EXPECT_EQ(slots.after(first - minutes(5) - Microseconds(1)), first - minutes(5));
  EXPECT_EQ(slots.after(first - minutes(12)), first - minutes(10));
}

TEST(Slots, BetweenCountsTheEndAndNotTheBeginning) {
  const Slots slots("a", minutes(5));
  const SteadyTime first = at(slots.offset());
  EXPECT_EQ(slots.between(first, first), 0U);
  EXPECT_EQ(slots.between(first, first + minutes(5) - Microseconds(1)), 0U);
  EXPECT_EQ(slots.between(first, first + minutes(5)), 1U);
  EXPECT_EQ(slots.between(first - Microseconds(1), first), 1U);
  EXPECT_EQ(slots.between(first - minutes(20), first + minutes(5)), 5U);
  EXPECT_EQ(slots.between(first + minutes(5), first), 0U);
}

TEST(Slots, AnIntervalIsHeldWithinBounds) {
  EXPECT_EQ(Slots("a", Microseconds(0)).every(), seconds(1));
  EXPECT_EQ(Slots("a", -minutes(5)).every(), seconds(1));
  EXPECT_EQ(Slots("a", Microseconds::max()).every(), std::chrono::days(366));
}

}  // namespace
}  // namespace baselined::schedule
