// What each outcome of a run does to the next one.
#include <gtest/gtest.h>

#include "daemon/schedule/scheduler.h"

namespace baselined::schedule {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Names = std::vector<std::string>;
using Code = Error::Code;

constexpr SteadyTime kStart = SteadyTime(hours(100));
constexpr Microseconds kEvery = minutes(15);

// The middle of every random span.
double middle() { return 0.5; }

class Failing {
 public:
  explicit Failing(Scheduler::Random random = middle)
      : scheduler({{"git", kEvery}}, kStart, std::move(random)) {}

  // Runs for a second from `now`, which moves along; returns what follows.
  CollectorState run(std::optional<Code> outcome, Microseconds retry_after = Microseconds(0)) {
    scheduler.started("git", now);
    now += seconds(1);
    scheduler.finished("git", now, outcome, retry_after);
    return *scheduler.state("git");
  }
  SteadyTime::duration wait_after(Code outcome) {
    const SteadyTime next = run(outcome).next_run.value();
    return next - now;
  }
  // The same, where no source was asked.
  CollectorState refuse(Code why) {
    scheduler.started("git", now);
    now += seconds(1);
    scheduler.refused("git", now, why);
    return *scheduler.state("git");
  }
  // The same, when it is due.
  CollectorState run_when_due(std::optional<Code> outcome) {
    now = scheduler.next_wakeup().value();
    return run(outcome);
  }
  SteadyTime next_slot() const { return Slots("git", kEvery).after(now); }

  SteadyTime now = kStart;
  Scheduler scheduler;
};

struct OutcomeCase {
  std::optional<Code> outcome;
  Microseconds retry_after;
  std::optional<Microseconds> wait;  // from the end of the run
  std::optional<Code> parked;
};

class AfterOneRun : public testing::TestWithParam<OutcomeCase> {};

TEST_P(AfterOneRun, TheNextOneComesAsTheTableSays) {
  const auto& [outcome, retry_after, wait, parked] = GetParam();
  Failing failing;
  const CollectorState state = failing.run(outcome, retry_after);
  EXPECT_EQ(state.next_run, wait ? std::optional(failing.now + *wait) : std::nullopt);
  EXPECT_EQ(state.parked, parked);
  EXPECT_EQ(state.consecutive_failures, 1U);
  EXPECT_FALSE(state.is_running);
}

// With random numbers of 0.5: a first back-off is (10 s + 1 min) / 2.
constexpr OutcomeCase kOutcomes[] = {
    {Code::transient, Microseconds(0), seconds(35), std::nullopt},
    {Code::data, Microseconds(0), seconds(35), std::nullopt},
    {Code::internal, Microseconds(0), seconds(35), std::nullopt},
    {Code::limit, Microseconds(0), seconds(35), std::nullopt},
    {Code::transient, minutes(5), seconds(35), std::nullopt},
    {Code::rate_limited, minutes(20), minutes(20) + seconds(30), std::nullopt},
    {Code::rate_limited, seconds(10), seconds(10) + Microseconds(500'000), std::nullopt},
    {Code::rate_limited, Microseconds(0), seconds(35), std::nullopt},
    {Code::auth, Microseconds(0), minutes(60) + seconds(90), Code::auth},
    {Code::unsupported, Microseconds(0), minutes(60) + seconds(90), Code::unsupported},
    {Code::config, Microseconds(0), std::nullopt, Code::config},
    {Code::config, minutes(5), std::nullopt, Code::config},
    {Code::disk_full, Microseconds(0), seconds(5), Code::disk_full},
};
INSTANTIATE_TEST_SUITE_P(Table, AfterOneRun, testing::ValuesIn(kOutcomes));

TEST(SchedulerFailures, CancelledWaitsForTheRegularSlotAndCounts) {
  Failing failing([] { return 0.0; });
  failing.now = failing.next_slot();
  const CollectorState state = failing.run(Code::cancelled);
  EXPECT_EQ(state.next_run, failing.next_slot());
  EXPECT_EQ(state.consecutive_failures, 1U);
  EXPECT_EQ(state.parked, std::nullopt);
}

TEST(SchedulerFailures, WhatIsRefusedBeforeASourceIsAskedIsLookedAtAgainAndAgain) {
  Failing failing;
  for (std::uint32_t turn = 1; turn <= 20; ++turn) {
    const CollectorState full = failing.refuse(Code::disk_full);
    EXPECT_EQ(full.next_run, failing.now + seconds(5));
    EXPECT_EQ(full.parked, Code::disk_full);
    const CollectorState away = failing.refuse(Code::transient);
    EXPECT_EQ(away.next_run, failing.now + seconds(5));
    EXPECT_EQ(away.parked, std::nullopt);
    EXPECT_EQ(away.consecutive_failures, 2 * turn);
  }
  EXPECT_EQ(failing.run_when_due(std::nullopt).consecutive_failures, 0U);
}

TEST(SchedulerFailures, ARefusalForgetsNoBackOff) {
  Failing failing([] { return 1.0; });
  EXPECT_EQ(failing.wait_after(Code::transient), minutes(1));
  failing.refuse(Code::transient);
  EXPECT_EQ(failing.wait_after(Code::transient), minutes(2));
}

// What fills the disk, and leaves it free when it has failed, would fill it every five seconds.
TEST(SchedulerFailures, ARunThatFillsTheDiskItselfBacksOff) {
  Failing failing;
  for (const int expected : {5, 10, 20, 40, 80}) {
    EXPECT_EQ(failing.wait_after(Code::disk_full), seconds(expected));
  }
  for (int turn = 0; turn < 20; ++turn) {
    failing.run(Code::disk_full);
  }
  EXPECT_EQ(failing.wait_after(Code::disk_full), minutes(60));
  failing.run(std::nullopt);
  EXPECT_EQ(failing.wait_after(Code::disk_full), seconds(5));
}

TEST(SchedulerFailures, BackOffDoublesUpToAnHour) {
  Failing failing([] { return 1.0; });
  for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    failing.run_when_due(Code::transient);
    EXPECT_EQ(failing.scheduler.next_wakeup(), failing.now + minutes(expected)) << expected;
  }
}

TEST(SchedulerFailures, BackOffIsNeverShorterThanTenSeconds) {
  Failing failing([] { return 0.0; });
  for (int i = 0; i < 20; ++i) {
    failing.run_when_due(Code::data);
    EXPECT_EQ(failing.scheduler.next_wakeup(), failing.now + seconds(10));
  }
}

TEST(SchedulerFailures, ARunThatIsOkForgetsTheFailures) {
  Failing failing([] { return 1.0; });
  failing.run_when_due(Code::transient);
  failing.run_when_due(Code::transient);
  EXPECT_EQ(failing.run_when_due(std::nullopt).consecutive_failures, 0U);
  failing.run_when_due(Code::transient);
  EXPECT_EQ(failing.scheduler.next_wakeup(), failing.now + minutes(1));
}

TEST(SchedulerFailures, SlotsDuringABackOffAreNotCountedAsSkipped) {
  Failing failing([] { return 1.0; });
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(failing.run_when_due(Code::transient).skipped, 0U);
  }
}

TEST(SchedulerFailures, AuthIsProbedOncePerHour) {
  Failing failing([] { return 0.0; });
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(failing.run_when_due(Code::auth).parked, Code::auth);
    EXPECT_EQ(failing.scheduler.due(failing.now + hours(1) - Microseconds(1)), Names{});
    EXPECT_EQ(failing.scheduler.due(failing.now + hours(1)), Names{"git"});
  }
  const CollectorState state = failing.run_when_due(std::nullopt);
  EXPECT_EQ(state.parked, std::nullopt);
  const SteadyTime half_an_interval_on = failing.now - seconds(1) + kEvery / 2;
  EXPECT_EQ(state.next_run, Slots("git", kEvery).after(half_an_interval_on));
}

TEST(SchedulerFailures, AProbeThatFailsOtherwiseLeavesTheParkingPlace) {
  for (const Code code : {Code::transient, Code::rate_limited, Code::cancelled, Code::internal}) {
    Failing failing;
    failing.run(Code::auth);
    EXPECT_EQ(failing.run_when_due(code).parked, std::nullopt) << to_string(code);
  }
}

TEST(SchedulerFailures, ConfigStaysParkedForEver) {
  Failing failing;
  failing.run(Code::config);
  EXPECT_EQ(failing.scheduler.next_wakeup(), std::nullopt);
  EXPECT_EQ(failing.scheduler.due(kStart + hours(10'000)), Names{});
}

TEST(SchedulerFailures, ARequestRunsAParkedCollector) {
  Failing failing;
  failing.run(Code::config);
  EXPECT_TRUE(failing.scheduler.request_now("git", failing.now));
  EXPECT_EQ(failing.scheduler.due(failing.now), Names{"git"});
  EXPECT_EQ(failing.scheduler.state("git")->parked, Code::config);
  EXPECT_EQ(failing.run(std::nullopt).parked, std::nullopt);
}

TEST(SchedulerFailures, ANewConfigurationFreesWhatIsParked) {
  for (const Code code : {Code::config, Code::auth, Code::unsupported}) {
    Failing failing;
    failing.run(code);
    failing.scheduler.configure({{"git", kEvery}}, failing.now);
    EXPECT_EQ(failing.scheduler.state("git")->parked, std::nullopt) << to_string(code);
    EXPECT_EQ(failing.scheduler.due(failing.now), Names{"git"}) << to_string(code);
  }
}

TEST(SchedulerFailures, ANewConfigurationDoesNotShortenABackOff) {
  Failing failing;
  const auto next = failing.run(Code::transient).next_run;
  failing.scheduler.configure({{"git", seconds(5)}}, failing.now);
  EXPECT_EQ(failing.scheduler.state("git")->next_run, next);
}

TEST(SchedulerFailures, ARunWithAnOldConfigurationDoesNotPark) {
  Failing failing;
  failing.scheduler.started("git", failing.now);
  failing.scheduler.configure({{"git", kEvery}}, failing.now + seconds(1));
  failing.scheduler.finished("git", failing.now + seconds(2), Code::config);
  EXPECT_EQ(failing.scheduler.state("git")->parked, std::nullopt);
  EXPECT_EQ(failing.scheduler.next_wakeup(), failing.now + seconds(2));
  failing.now += seconds(2);
  EXPECT_EQ(failing.run(Code::config).parked, Code::config);
}

TEST(SchedulerFailures, FiveInternalFailuresInAnHourPark) {
  Failing failing([] { return 0.0; });
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(failing.run_when_due(Code::internal).parked, std::nullopt);
  }
  EXPECT_EQ(failing.run_when_due(Code::internal).parked, Code::internal);
  EXPECT_EQ(failing.scheduler.next_wakeup(), failing.now + hours(1));
  EXPECT_EQ(failing.run_when_due(Code::internal).parked, Code::internal);
  EXPECT_EQ(failing.scheduler.next_wakeup(), failing.now + hours(1));
  EXPECT_EQ(failing.run_when_due(std::nullopt).parked, std::nullopt);
}

// Found by an attack: after a full disk it was started again and again, five more times.
TEST(SchedulerFailures, ARefusalDoesNotForgetThatTheCollectorAlwaysCrashes) {
  for (const Code why : {Code::disk_full, Code::transient}) {
    Failing failing([] { return 0.0; });
    for (int i = 0; i < 5; ++i) {
      failing.run_when_due(Code::internal);
    }
    failing.now = failing.scheduler.next_wakeup().value();
    EXPECT_NE(failing.refuse(why).parked, Code::internal);
    failing.refuse(why);
    EXPECT_EQ(failing.run_when_due(Code::internal).parked, Code::internal);
    failing.refuse(why);
    EXPECT_EQ(failing.run_when_due(std::nullopt).parked, std::nullopt);
    EXPECT_EQ(failing.run_when_due(Code::internal).parked, std::nullopt);
  }
}

TEST(SchedulerFailures, FiveInternalFailuresOverMoreThanAnHourDoNotPark) {
  Failing failing([] { return 0.0; });
  for (int i = 0; i < 10; ++i) {
    failing.now += minutes(16);
    EXPECT_EQ(failing.run(Code::internal).parked, std::nullopt) << i;
  }
}

}  // namespace
}  // namespace baselined::schedule
