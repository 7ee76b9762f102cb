// How a worker's end becomes a report, and what it says a log.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(RunReport, ACrashIsInternalAndKeepsWhatWasCommitted) {
  HostWorld world;
  const RunReport report = world.run("crash_after_commit");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(),
              AllOf(HasSubstr("plugin org.example.fake"), HasSubstr("was killed by SIGSEGV")));
  EXPECT_EQ(report.exit_signal, SIGSEGV);
  EXPECT_EQ(world.sink->rows, 3U);
  EXPECT_EQ(report.counts.at("ref/1").rows, 3U);
  EXPECT_EQ(report.discarded_rows, 2U);
}

TEST(RunReport, ACrashBeforeTheBarrierStoresNothing) {
  for (const char* behaviour : {"crash", "crash_in_a_frame"}) {
    SCOPED_TRACE(behaviour);
    HostWorld world;
    const RunReport report = world.run(behaviour);
    EXPECT_EQ(report.outcome(), "internal");
    EXPECT_EQ(report.exit_signal, SIGSEGV);
    EXPECT_EQ(world.sink->commits, 0);
  }
}

TEST(RunReport, LeavingWithoutDoneIsInternal) {
  HostWorld world;
  RunReport report = world.run("leave");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(), HasSubstr("exited with code 0 without being done"));
  report = world.run("leave_with_3");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(),
              AllOf(HasSubstr("exited with code 3"), HasSubstr("its last words: no library")));
  report = world.run("report_and_leave");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(), HasSubstr("half done"));
}

TEST(RunReport, NotExitingAfterDoneIsInternal) {
  HostWorld world;
  const RunReport report = world.run("never_exit");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(), HasSubstr("was done and did not exit"));
}

TEST(RunReport, ClosingTheConnectionIsInternal) {
  HostWorld world;
  const RunReport report = world.run("close_socket");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(), HasSubstr("closed its connection and did not exit"));
}

TEST(RunReport, AnErrorOfThePluginIsTheOutcome) {
  HostWorld world;
  const RunReport report = world.run("report_and_done");
  EXPECT_EQ(report.outcome(), "rate_limited");
  EXPECT_EQ(report.failure->message(), "plugin org.example.fake: slow[31m down please");
  EXPECT_EQ(report.retry_after, std::chrono::milliseconds(1500));
  EXPECT_EQ(report.peak_memory_kib, 1234U);
  EXPECT_EQ(report.exit_signal, 0);
}

TEST(RunReport, TextOfThePluginIsBounded) {
  HostWorld world;
  const RunReport report = world.run("long_report");
  EXPECT_EQ(report.outcome(), "data");
  EXPECT_LE(report.failure->message().size(), 4096U + 100);
  EXPECT_EQ(report.retry_after.count(), 0);
}

TEST(RunReport, AFailureWithoutAReasonKeepsItsCode) {
  HostWorld world;
  EXPECT_EQ(world.run("fail_silently").outcome(), "data");
}

TEST(RunReport, AWorkerThatCannotBeStartedIsAConfigurationError) {
  HostWorld world;
  world.options.plugins = std::make_shared<Plugins>("/nowhere/baselined-worker");
  const RunReport report = world.run("good");
  EXPECT_EQ(report.outcome(), "config");
  EXPECT_THAT(report.failure->message(), HasSubstr("/nowhere/baselined-worker"));
  EXPECT_TRUE(world.sink->is_destroyed);
}

TEST(RunReport, ProgressArrivesOnTheControlThread) {
  HostWorld world;
  std::vector<RunProgress> seen;
  std::thread::id thread;
  world.on_progress = [&](const RunProgress& progress) {
    seen.push_back(progress);
    thread = std::this_thread::get_id();
  };
  world.run("good");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].done, 1U);
  EXPECT_EQ(seen[0].total, 2U);
  EXPECT_EQ(seen[0].unit, "commits");
  EXPECT_EQ(thread, std::this_thread::get_id());
}

TEST(RunReport, AnObserverThatThrowsFailsTheRunOnly) {
  HostWorld world;
  world.on_progress = [](const RunProgress&) { throw std::runtime_error("observer"); };
  const RunReport report = world.run("hang");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(), HasSubstr("observer"));
  EXPECT_FALSE(has_children());
}

TEST(WorkerLog, CarriesOutputErrorsAndLogFrames) {
  HostWorld world;
  testing::internal::CaptureStderr();
  const RunReport report = world.run("chatter");
  EXPECT_EQ(report.outcome(), "ok");
  EXPECT_EQ(report.warnings, "a log line (and 1 more)");  // of its log frames only
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("info collector shop: to the output [31m red\n"));
  EXPECT_THAT(log, HasSubstr("warning collector shop: to the errors\n"));
  EXPECT_THAT(log, HasSubstr("warning collector shop: without an end\n"));
  EXPECT_THAT(log, HasSubstr("warning collector shop: a log line\n"));
}

TEST(WorkerLog, IsLimitedInRate) {
  HostWorld world;
  testing::internal::CaptureStderr();
  EXPECT_EQ(world.run("talk_too_much").outcome(), "ok");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("chatter 99."));
  EXPECT_THAT(log, Not(HasSubstr("chatter 100.")));
  EXPECT_THAT(log, HasSubstr("900 lines of its log were left out"));
}

}  // namespace
}  // namespace baselined::host
