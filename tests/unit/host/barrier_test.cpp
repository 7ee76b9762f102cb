// What a barrier stores, and what it does when the store refuses.
#include <gmock/gmock.h>

#include <boost/asio/steady_timer.hpp>
#include <future>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Barrier, StoresWhatWasEmittedInItsOrder) {
  HostWorld world;
  const RunReport report = world.run("good");
  EXPECT_EQ(report.outcome(), "ok") << report.failure->message();
  EXPECT_THAT(world.sink->events,
              ElementsAre("put v0", "put v1", "put v2", "coverage ref/1 shop rate limit",
                          "scope shop", "put v3", "put v4", "remove v1"));
  EXPECT_THAT(world.sink->open_sets["shop"], ElementsAre("a", "b", "c"));
  EXPECT_EQ(world.sink->cursors["refs"], "two");
  EXPECT_EQ(world.sink->commits, 2);
  EXPECT_EQ(report.counts.at("ref/1").rows, 5U);
  EXPECT_EQ(report.counts.at("ref/1").removed, 1U);
  EXPECT_EQ(report.discarded_rows, 0U);
}

TEST(Barrier, UsesTheSinkOnTheWriterOnlyAndDestroysItThere) {
  HostWorld world;
  world.run("good");
  EXPECT_TRUE(world.sink->is_destroyed);
  EXPECT_TRUE(world.sink->is_one_thread);
  EXPECT_NE(world.sink->thread, std::this_thread::get_id());
}

TEST(Barrier, SpillsWhatDoesNotFitIntoMemory) {
  HostWorld world;
  world.options.staging_memory_bytes = 100'000;
  world.sink->keeps_events = false;
  const RunReport report = world.run("flood");
  EXPECT_EQ(report.outcome(), "ok");
  EXPECT_EQ(world.sink->rows, 40U * 500 + 1);
  EXPECT_EQ(world.sink->cursors["refs"], "again");
}

TEST(Barrier, FailsWhereTheSpillFileCannotBeMade) {
  HostWorld world;
  world.options.staging_memory_bytes = 100'000;
  world.options.staging_dir = "/nowhere/at/all";
  const RunReport report = world.run("flood");
  EXPECT_EQ(report.outcome(), "transient");
  EXPECT_THAT(report.failure->message(), HasSubstr("/nowhere/at/all"));
  EXPECT_EQ(world.sink->commits, 0);
}

TEST(Barrier, ARefusalOfTheSinkEndsTheRunWithItsCode) {
  for (const char* call : {"begin", "put", "set_cursor", "commit"}) {
    SCOPED_TRACE(call);
    HostWorld world;
    world.sink->failures.emplace(call, Error(Error::Code::transient, "disk full"));
    testing::internal::CaptureStderr();
    const RunReport report = world.run("commit_once");
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(report.outcome(), "transient");
    EXPECT_EQ(report.failure->message(), "disk full");
    EXPECT_THAT(log, HasSubstr("collector shop: refused with 4"));
    EXPECT_EQ(world.sink->commits, 0);
    EXPECT_EQ(world.sink->rows, 0U);
    EXPECT_TRUE(report.counts.empty());
    EXPECT_EQ(report.discarded_rows, 3U);
  }
}

TEST(Barrier, RollsBackWhatFailedInTheMiddle) {
  HostWorld world;
  world.sink->failures.emplace("set_coverage", Error(Error::Code::internal, "broken"));
  const RunReport report = world.run("good");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_EQ(world.sink->rollbacks, 1);
  EXPECT_TRUE(world.sink->events.empty());
}

TEST(Barrier, TheSinkMayRefuseToOpenAStream) {
  HostWorld world;
  world.sink->failures.emplace("open_stream", Error(Error::Code::data, "no table"));
  const RunReport report = world.run("good");
  EXPECT_EQ(report.outcome(), "data");
  EXPECT_TRUE(world.sink->is_destroyed);
}

TEST(Barrier, GivesTheCursorOfTheLastCommit) {
  HostWorld world;
  world.sink->cursors["refs"] = "41";
  EXPECT_EQ(world.run("say_cursor").outcome(), "ok");
  EXPECT_EQ(world.sink->cursors["refs"], "41+1");
}

TEST(Barrier, ARefusedCursorEndsTheRun) {
  HostWorld world;
  world.sink->failures.emplace("cursor", Error(Error::Code::transient, "busy"));
  EXPECT_EQ(world.run("say_cursor").outcome(), "transient");
}

TEST(Barrier, CarriesOpenSetsLargerThanAFrameBothWays) {
  HostWorld world;
  EXPECT_EQ(world.run("big_open_set").outcome(), "ok");
  EXPECT_EQ(world.sink->open_sets["shop"].size(), 100'000U);
  EXPECT_EQ(world.run("big_open_set").outcome(), "ok");
  const auto& keys = world.sink->open_sets["shop"];
  ASSERT_EQ(keys.size(), 200'000U);
  EXPECT_EQ(world.sink->cursors["refs"], "100000");
  EXPECT_EQ(keys.front(), std::string(40, '0'));
  EXPECT_THAT(keys.back(), HasSubstr("199999"));
}

TEST(Barrier, RowsAfterTheLastOneAreDiscardedWithAWarning) {
  HostWorld world;
  testing::internal::CaptureStderr();
  const RunReport report = world.run("rows_after_commit");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(report.outcome(), "ok");
  EXPECT_EQ(report.discarded_rows, 7U);
  EXPECT_EQ(world.sink->rows, 3U);
  EXPECT_THAT(log, HasSubstr("plugin org.example.fake emitted 7 rows after its last commit"));
}

TEST(Barrier, IsAbandonedWhenItsWorkerHasBeenKilled) {
  HostWorld world;
  world.timeout = std::chrono::seconds(3);  // enough to begin on a busy machine
  world.options.kill_grace = std::chrono::milliseconds(50);
  // The first row is stored only after the deadline and the grace are long over.
  std::promise<void> release;
  boost::asio::steady_timer timer(world.context, std::chrono::seconds(4));
  timer.async_wait([&](const boost::system::error_code&) { release.set_value(); });
  bool has_waited = false;
  world.sink->on_put = [&] {
    if (!has_waited) {
      has_waited = true;
      release.get_future().wait();
    }
  };
  const RunReport report = world.run("flood");
  EXPECT_EQ(report.outcome(), "cancelled");
  EXPECT_EQ(world.sink->commits, 0);
  EXPECT_EQ(world.sink->rollbacks, 1);
}

}  // namespace
}  // namespace baselined::host
