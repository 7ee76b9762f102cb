// A worker that breaks the protocol is killed and its run fails as internal, naming the plugin.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Violation {
  const char* behaviour;
  const char* says;
};

class ProtocolViolation : public testing::TestWithParam<Violation> {};

TEST_P(ProtocolViolation, EndsTheRun) {
  HostWorld world;
  // A worker that were given time would keep the run until this.
  world.options.kill_grace = std::chrono::seconds(100);
  const RunReport report = world.run(GetParam().behaviour);
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(),
              HasSubstr("plugin org.example.fake: protocol violation: "));
  EXPECT_THAT(report.failure->message(), HasSubstr(GetParam().says));
  EXPECT_EQ(report.exit_signal, 9);
  EXPECT_EQ(world.sink->commits, 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, ProtocolViolation,
    testing::Values(Violation{"no_hello", "hello"}, Violation{"greet_twice", "hello"},
                    Violation{"garbage", "unknown type"}, Violation{"oversized", "2097152"},
                    Violation{"skip_a_frame", "frame 2 came where 1 was due"},
                    Violation{"play_daemon", "only the daemon"},
                    Violation{"unknown_stream", "no stream 7"},
                    Violation{"wrong_columns", "refs has 6 columns here, not 5"},
                    Violation{"wrong_key", "refs has 4 columns here, not 6"},
                    Violation{"broken_commit", "does not decode"}),
    [](const auto& test) { return std::string(test.param.behaviour); });

TEST(Protocol, LiesThatShowOnlyInTheBarrierStoreNothing) {
  for (const char* behaviour : {"lying_rows", "unfinished_open_set"}) {
    SCOPED_TRACE(behaviour);
    HostWorld world;
    const RunReport report = world.run(behaviour);
    EXPECT_EQ(report.outcome(), "internal");
    EXPECT_THAT(report.failure->message(),
                HasSubstr("plugin org.example.fake: protocol violation: "));
    EXPECT_EQ(world.sink->commits, 0);
    EXPECT_EQ(world.sink->rollbacks, 1);
  }
}

TEST(Protocol, AWorkerOfAnotherBuildIsRefused) {
  HostWorld world;
  const RunReport report = world.run("hello_of_another_build");
  EXPECT_EQ(report.outcome(), "unsupported");
  EXPECT_THAT(report.failure->message(), HasSubstr("restart the daemon after the upgrade"));
}

TEST(Protocol, AnotherPluginThanTheCheckedOneIsRefused) {
  for (const char* behaviour : {"hello_of_another_plugin", "hello_of_another_version"}) {
    SCOPED_TRACE(behaviour);
    HostWorld world;
    const RunReport report = world.run(behaviour);
    EXPECT_EQ(report.outcome(), "config");
    EXPECT_THAT(report.failure->message(), HasSubstr("it was org.example.fake 1.0.0"));
  }
}

TEST(Protocol, StartTellsTheWorkerAllOfItsRun) {
  HostWorld world;
  RunRequest request;
  request.collector = fake_collector("say_start");
  request.collector.options = {{"depth", 2}};
  request.collector.allow = {"fs_read", "exec"};
  request.collector.manifest.capabilities = {"fs_read"};
  request.collector.paths = {"/data", "/srv/git/*"};
  request.collector.sandbox = config::SandboxPolicy::require;
  request.mode = wire::RunMode::backfill;
  request.window_begin_us = 10;
  request.window_end_us = 20;
  request.frozen_now = from_us(1'000);
  EXPECT_EQ(world.run(std::move(request)).outcome(), "ok");
  const std::string said = world.sink->cursors["start"];
  EXPECT_THAT(said, StartsWith(R"({"depth":2} 2 10 20 1000 --sandbox require --granted 4 )"));
  EXPECT_THAT(said, HasSubstr(" --max-memory 2147483648"));
  EXPECT_THAT(said, EndsWith(" --read /data --read /srv/git/*"));
}

TEST(Protocol, OptionsThatFitNoFrameAreAConfigurationError) {
  HostWorld world;
  RunRequest request;
  request.collector = fake_collector("good");
  request.collector.options = {{"text", std::string(2'000'000, 'x')}};
  EXPECT_EQ(world.run(std::move(request)).outcome(), "config");
}

TEST(Protocol, RowsOfOneRunAreCapped) {
  HostWorld world;
  world.sink->keeps_events = false;
  RunRequest request;
  request.collector = fake_collector("flood_for_ever");
  request.collector.limits.rows = 5'000;
  const RunReport report = world.run(std::move(request));
  EXPECT_EQ(report.outcome(), "limit");
  EXPECT_EQ(
      report.failure->message(),
      "plugin org.example.fake emitted more than 5000 rows in one run; to allow more, set rows "
      "in [collector.limits] of collector shop");
  EXPECT_EQ(report.limits_hit, (std::set<std::string>{"rows"}));
  EXPECT_EQ(world.sink->commits, 0);
}

TEST(Protocol, BytesOfOneRunAreCapped) {
  HostWorld world;
  RunRequest request;
  request.collector = fake_collector("flood_for_ever");
  request.collector.limits.data_mib = 1;
  const RunReport report = world.run(std::move(request));
  EXPECT_EQ(report.outcome(), "limit");
  EXPECT_THAT(report.failure->message(), HasSubstr("emitted more than 1 MiB"));
  EXPECT_THAT(report.failure->message(), HasSubstr("set data_mib in"));
  EXPECT_EQ(report.limits_hit, (std::set<std::string>{"data"}));
}

TEST(Protocol, ProcessorTimeIsLimitedAndCounted) {
  HostWorld world;
  RunRequest request;
  request.collector = fake_collector("spend_cpu");
  request.collector.limits.cpu = std::chrono::seconds(1);
  const RunReport report = world.run(std::move(request));
  EXPECT_EQ(report.outcome(), "limit") << report.failure->message();
  EXPECT_THAT(report.failure->message(), HasSubstr("used more than 1s of processor time"));
  EXPECT_EQ(report.limits_hit, (std::set<std::string>{"cpu"}));
  EXPECT_GT(report.cpu, std::chrono::milliseconds(100));  // the limit counts ticks
}

TEST(Protocol, AFullTimeoutOfProcessorTimeMeetsTheTimeoutWhereNoLimitWasSet) {
  HostWorld world;
  world.timeout = std::chrono::seconds(1);
  world.options.kill_grace = std::chrono::milliseconds(300);
  const RunReport report = world.run("spend_cpu");
  EXPECT_EQ(report.outcome(), "cancelled") << report.failure->message();
  EXPECT_EQ(report.limits_hit, (std::set<std::string>{"time"}));
}

// Found by an attack: it was told that it had used more than the limit, and had used nothing.
TEST(Protocol, ASignalThatAPluginSendsToItselfIsNoLimit) {
  HostWorld world;
  const RunReport report = world.run("raise_xcpu");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(), HasSubstr("was killed by SIGXCPU without being done"));
  EXPECT_THAT(report.limits_hit, testing::IsEmpty());
}

TEST(Protocol, WhereNoLimitIsSetAllThreadsMayComputeForTheWholeTimeout) {
  HostWorld world;
  world.timeout = std::chrono::seconds(100);
  EXPECT_EQ(world.run("say_start").outcome(), "ok");
  EXPECT_THAT(world.sink->cursors["start"],
              HasSubstr(fmt::format(" --max-cpu-seconds {} ",
                                    102 * std::max(1U, std::thread::hardware_concurrency()))));
}

// Found by an attack: a cache that did not fit hid that the token had expired.
TEST(Protocol, WhatAPluginReportsIsNotHiddenByAShortageThatItGotOver) {
  HostWorld world;
  const RunReport report = world.run("short_of_memory_and_refused");
  EXPECT_EQ(report.outcome(), "auth");
  EXPECT_EQ(report.failure->message(), "plugin org.example.fake: the token has expired");
  EXPECT_EQ(report.limits_hit, (std::set<std::string>{"memory"}));
}

TEST(Protocol, AShortageOfMemoryNamesItsLimit) {
  HostWorld world;
  const RunReport report = world.run("short_of_memory");
  EXPECT_EQ(report.outcome(), "limit");
  EXPECT_THAT(report.failure->message(), HasSubstr("needed more than 2048 MiB of memory"));
  EXPECT_THAT(report.failure->message(), HasSubstr("set memory_mib in"));
  EXPECT_EQ(report.limits_hit, (std::set<std::string>{"memory"}));
}

// The run goes on.
TEST(Protocol, LogLinesOfOneRunAreCapped) {
  HostWorld world;
  RunRequest request;
  request.collector = fake_collector("talkative");
  request.collector.limits.log_lines = 3;
  testing::internal::CaptureStderr();
  const RunReport report = world.run(std::move(request));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(report.outcome(), "ok");
  EXPECT_EQ(report.limits_hit, (std::set<std::string>{"log_lines"}));
  EXPECT_THAT(log, HasSubstr("its log is longer than 3 lines"));
  EXPECT_THAT(log, HasSubstr("line 3"));
  EXPECT_THAT(log, Not(HasSubstr("line 4")));
}

TEST(Protocol, OnlyTheBytesThatArePinnedRun) {
  HostWorld world;
  RunRequest request;
  request.collector = fake_collector("good");
  request.collector.sha256 = std::string(64, 'a');
  const RunReport refused = world.run(request);
  EXPECT_EQ(refused.outcome(), "transient");
  EXPECT_THAT(refused.failure->message(),
              HasSubstr("collector shop allows " + std::string(64, 'a')));
  EXPECT_EQ(world.sink->commits, 0);
  request.collector.sha256 =
      (*world.options.plugins->image(request.collector.plugin_file))->sha256();
  EXPECT_EQ(world.run(request).outcome(), "ok");
}

}  // namespace
}  // namespace baselined::host
