// A worker that breaks the protocol is killed and its run fails as internal, naming the plugin.
#include <gmock/gmock.h>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
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
  world.options.max_rows = 5'000;
  world.sink->keeps_events = false;
  const RunReport report = world.run("flood_for_ever");
  EXPECT_EQ(report.outcome(), "limit");
  EXPECT_THAT(report.failure->message(), HasSubstr("more than 5000 rows"));
  EXPECT_EQ(world.sink->commits, 0);
}

TEST(Protocol, BytesOfOneRunAreCapped) {
  HostWorld world;
  world.options.max_bytes = 1'000'000;
  const RunReport report = world.run("flood_for_ever");
  EXPECT_EQ(report.outcome(), "limit");
  EXPECT_THAT(report.failure->message(), HasSubstr("more than 1000000 bytes"));
}

}  // namespace
}  // namespace baselined::host
