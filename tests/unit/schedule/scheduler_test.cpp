// Slots, overlap, requests and new configurations. Tests of failures are in
// scheduler_failures_test.cpp.
#include "daemon/schedule/scheduler.h"

#include <gtest/gtest.h>

namespace baselined::schedule {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Names = std::vector<std::string>;

double no_chance() { return 0.0; }

// A boot some time ago, so that the start is no slot.
constexpr SteadyTime kStart = SteadyTime(hours(100));

Scheduler one(Microseconds every, SteadyTime start = kStart) {
  return {{{"git", every}}, start, no_chance};
}

// The first slot of "git" after a time.
SteadyTime slot_after(SteadyTime time, Microseconds every) {
  return Slots("git", every).after(time);
}

void run_once(Scheduler& scheduler, const std::string& name, SteadyTime from, SteadyTime to) {
  scheduler.started(name, from);
  scheduler.finished(name, to, std::nullopt);
}

TEST(Scheduler, NothingIsDueWithoutCollectors) {
  Scheduler scheduler({}, kStart, no_chance);
  EXPECT_EQ(scheduler.next_wakeup(), std::nullopt);
  EXPECT_EQ(scheduler.due(kStart + hours(1000)), Names{});
}

TEST(Scheduler, TheFirstCollectorRunsAtTheStart) {
  Scheduler scheduler = one(hours(24));
  EXPECT_EQ(scheduler.next_wakeup(), kStart);
  EXPECT_EQ(scheduler.due(kStart), Names{"git"});
}

TEST(Scheduler, FirstRunsAreSpreadTenSecondsApart) {
  Scheduler scheduler({{"c", hours(24)}, {"a", hours(24)}, {"b", hours(24)}}, kStart, no_chance);
  EXPECT_EQ(scheduler.due(kStart), Names{"c"});
  EXPECT_EQ(scheduler.state("a")->next_run, kStart + seconds(10));
  EXPECT_EQ(scheduler.state("b")->next_run, kStart + seconds(20));
  EXPECT_EQ(scheduler.due(kStart + seconds(20)), (Names{"c", "a", "b"}));
}

TEST(Scheduler, NoCollectorWaitsLongerThanItsIntervalForTheFirstRun) {
  std::vector<ScheduledCollector> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back({"collector-" + std::to_string(i), seconds(30)});
  }
  Scheduler scheduler(many, kStart, no_chance);
  EXPECT_EQ(scheduler.due(kStart + seconds(30)).size(), 100U);
}

TEST(Scheduler, IsDueUntilItIsStarted) {
  Scheduler scheduler = one(hours(1));
  EXPECT_EQ(scheduler.due(kStart), Names{"git"});
  EXPECT_EQ(scheduler.due(kStart + seconds(1)), Names{"git"});
  scheduler.started("git", kStart + seconds(1));
  EXPECT_EQ(scheduler.due(kStart + seconds(1)), Names{});
  EXPECT_EQ(scheduler.next_wakeup(), std::nullopt);
  EXPECT_TRUE(scheduler.state("git")->is_running);
}

TEST(Scheduler, AfterARunThatIsOkItWaitsForItsSlot) {
  Scheduler scheduler = one(hours(1));
  const SteadyTime begin = slot_after(kStart, hours(1));
  run_once(scheduler, "git", begin, begin + minutes(1));
  EXPECT_EQ(scheduler.next_wakeup(), begin + hours(1));
  EXPECT_EQ(scheduler.due(begin + hours(1) - Microseconds(1)), Names{});
  EXPECT_EQ(scheduler.due(begin + hours(1)), Names{"git"});
  EXPECT_FALSE(scheduler.state("git")->is_running);
  EXPECT_EQ(scheduler.state("git")->skipped, 0U);
}

TEST(Scheduler, JitterMovesASlotALittleAndDoesNotAddUp) {
  Scheduler scheduler({{"git", hours(1)}}, kStart, [] { return 0.5; });
  SteadyTime slot = slot_after(kStart, hours(1));
  run_once(scheduler, "git", slot, slot + minutes(1));
  for (int i = 0; i < 50; ++i) {
    slot += hours(1);
    ASSERT_EQ(scheduler.next_wakeup(), slot + seconds(5));
    run_once(scheduler, "git", slot + seconds(5), slot + seconds(70));
  }
}

TEST(Scheduler, ASlotSoonAfterAnExtraRunIsLeftOut) {
  Scheduler scheduler = one(hours(1));
  const SteadyTime slot = slot_after(kStart, hours(1));
  run_once(scheduler, "git", slot - minutes(29), slot - minutes(28));
  EXPECT_EQ(scheduler.next_wakeup(), slot + hours(1));
  EXPECT_EQ(scheduler.state("git")->skipped, 0U);
}

TEST(Scheduler, ASlotHalfAnIntervalAfterAnExtraRunIsKept) {
  Scheduler scheduler = one(hours(1));
  const SteadyTime slot = slot_after(kStart, hours(1));
  run_once(scheduler, "git", slot - minutes(31), slot - minutes(28));
  EXPECT_EQ(scheduler.next_wakeup(), slot);
}

TEST(Scheduler, SlotsThatFindTheRunAliveAreCountedAndNotMadeUpFor) {
  Scheduler scheduler = one(minutes(10));
  const SteadyTime slot = slot_after(kStart, minutes(10));
  scheduler.started("git", slot);
  EXPECT_EQ(scheduler.due(slot + minutes(10) - Microseconds(1)), Names{});
  EXPECT_EQ(scheduler.state("git")->skipped, 0U);
  EXPECT_EQ(scheduler.due(slot + minutes(10)), Names{});
  EXPECT_EQ(scheduler.state("git")->skipped, 1U);
  EXPECT_EQ(scheduler.due(slot + minutes(10)), Names{});
  EXPECT_EQ(scheduler.state("git")->skipped, 1U);
  scheduler.finished("git", slot + minutes(35), std::nullopt);
  EXPECT_EQ(scheduler.state("git")->skipped, 3U);
  EXPECT_EQ(scheduler.next_wakeup(), slot + minutes(40));
}

TEST(Scheduler, ALongStandstillGivesOneCatchUpRun) {
  Scheduler scheduler = one(minutes(10));
  const SteadyTime slot = slot_after(kStart, minutes(10));
  run_once(scheduler, "git", slot, slot + minutes(1));
  const SteadyTime later = slot + hours(72) + minutes(3);
  EXPECT_EQ(scheduler.due(later), Names{"git"});
  run_once(scheduler, "git", later, later + seconds(1));
  EXPECT_EQ(scheduler.due(later + seconds(1)), Names{});
  EXPECT_EQ(scheduler.next_wakeup(), slot + hours(72) + minutes(10));
  EXPECT_EQ(scheduler.state("git")->skipped, 0U);
}

TEST(Scheduler, NamesTheLongestDueFirst) {
  Scheduler scheduler({{"a", hours(24)}, {"b", hours(24)}}, kStart, no_chance);
  EXPECT_TRUE(scheduler.request_now("b", kStart - seconds(1)));
  EXPECT_EQ(scheduler.due(kStart), (Names{"b", "a"}));
}

TEST(Scheduler, ARequestIsDueAtOnce) {
  Scheduler scheduler = one(hours(1));
  const SteadyTime slot = slot_after(kStart, hours(1));
  run_once(scheduler, "git", slot, slot + minutes(1));
  EXPECT_TRUE(scheduler.request_now("git", slot + minutes(2)));
  EXPECT_EQ(scheduler.due(slot + minutes(2)), Names{"git"});
}

TEST(Scheduler, ARequestNeverDelaysARun) {
  Scheduler scheduler = one(hours(1));
  EXPECT_TRUE(scheduler.request_now("git", kStart + minutes(1)));
  EXPECT_EQ(scheduler.next_wakeup(), kStart);
}

TEST(Scheduler, ARequestIsRefusedWhileARunIsAliveAndForAnUnknownName) {
  Scheduler scheduler = one(hours(1));
  scheduler.started("git", kStart);
  EXPECT_FALSE(scheduler.request_now("git", kStart));
  EXPECT_FALSE(scheduler.request_now("gti", kStart));
  EXPECT_EQ(scheduler.due(kStart + hours(9)), Names{});
}

TEST(Scheduler, AnUnknownNameHasNoStateAndIsIgnored) {
  Scheduler scheduler = one(hours(1));
  scheduler.started("gti", kStart);
  scheduler.finished("gti", kStart, std::nullopt);
  EXPECT_EQ(scheduler.state("gti"), std::nullopt);
}

TEST(SchedulerDeathTest, TwoRunsOfOneCollectorAbort) {
  Scheduler scheduler = one(hours(1));
  scheduler.started("git", kStart);
  EXPECT_DEATH(scheduler.started("git", kStart), "broken invariant");
}

TEST(SchedulerDeathTest, AnEndWithoutABeginningAborts) {
  Scheduler scheduler = one(hours(1));
  EXPECT_DEATH(scheduler.finished("git", kStart, std::nullopt), "broken invariant");
}

TEST(SchedulerConfigure, KeepsWhatDidNotChange) {
  Scheduler scheduler = one(hours(1));
  const SteadyTime slot = slot_after(kStart, hours(1));
  run_once(scheduler, "git", slot, slot + minutes(1));
  scheduler.configure({{"new", hours(1)}, {"git", hours(1)}}, slot + minutes(5));
  EXPECT_EQ(scheduler.state("git")->next_run, slot + hours(1));
  EXPECT_EQ(scheduler.state("new")->next_run, slot + minutes(5));
}

TEST(SchedulerConfigure, MovesToTheSlotsOfANewInterval) {
  Scheduler scheduler = one(hours(24));
  const SteadyTime slot = slot_after(kStart, hours(24));
  run_once(scheduler, "git", slot, slot + minutes(1));
  scheduler.configure({{"git", minutes(10)}}, slot + minutes(5));
  EXPECT_EQ(scheduler.next_wakeup(), slot_after(slot + minutes(5), minutes(10)));
}

TEST(SchedulerConfigure, ForgetsWhatIsGone) {
  Scheduler scheduler = one(hours(1));
  scheduler.configure({}, kStart);
  EXPECT_EQ(scheduler.state("git"), std::nullopt);
  EXPECT_EQ(scheduler.next_wakeup(), std::nullopt);
}

TEST(SchedulerConfigure, ForgetsARunningCollectorWhenItsRunEnds) {
  Scheduler scheduler = one(hours(1));
  scheduler.started("git", kStart);
  scheduler.configure({}, kStart + seconds(1));
  EXPECT_TRUE(scheduler.state("git")->is_running);
  EXPECT_FALSE(scheduler.request_now("git", kStart + seconds(1)));
  scheduler.finished("git", kStart + seconds(2), Error::Code::transient);
  EXPECT_EQ(scheduler.state("git"), std::nullopt);
}

TEST(SchedulerConfigure, ACollectorThatComesBackDuringItsRunDoesNotRunTwice) {
  Scheduler scheduler = one(hours(1));
  scheduler.started("git", kStart);
  scheduler.configure({}, kStart + seconds(1));
  scheduler.configure({{"git", hours(1)}}, kStart + seconds(2));
  EXPECT_EQ(scheduler.due(kStart + seconds(3)), Names{});
  scheduler.finished("git", kStart + seconds(4), std::nullopt);
  EXPECT_FALSE(scheduler.state("git")->is_running);
  EXPECT_TRUE(scheduler.state("git")->next_run.has_value());
}

TEST(SchedulerConfigure, SkipsBeforeTheChangeAreCountedWithTheOldInterval) {
  Scheduler scheduler = one(minutes(10));
  const SteadyTime slot = slot_after(kStart, minutes(10));
  scheduler.started("git", slot);
  scheduler.configure({{"git", hours(24)}}, slot + minutes(25));
  EXPECT_EQ(scheduler.state("git")->skipped, 2U);
}

}  // namespace
}  // namespace baselined::schedule
