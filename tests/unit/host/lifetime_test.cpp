// Deadlines, cancelling, and that nothing is left behind.
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr Microseconds kSecond = std::chrono::seconds(1);

// The exit of a process that the worker left behind; it is ours because we are its subreaper.
siginfo_t wait_for_orphan(const std::string& number, int flags) {
  siginfo_t info = {};
  ::waitid(P_PID, static_cast<id_t>(std::stoi(number)), &info, WEXITED | flags);
  return info;
}

TEST(Deadline, KillsAWorkerThatHangs) {
  for (const char* behaviour : {"hang", "stop_itself"}) {
    SCOPED_TRACE(behaviour);
    HostWorld world;
    world.timeout = std::chrono::milliseconds(200);
    world.options.kill_grace = std::chrono::milliseconds(300);
    const RunReport report = world.run(behaviour);
    EXPECT_EQ(report.outcome(), "cancelled");
    EXPECT_THAT(report.failure->message(),
                HasSubstr("plugin org.example.fake was not done within its timeout of 200ms"));
    EXPECT_EQ(report.exit_signal, SIGKILL);
    EXPECT_LE(report.duration, world.timeout + kSecond);
  }
}

TEST(Deadline, LetsAPluginThatPollsEndByItself) {
  HostWorld world;
  world.timeout = std::chrono::milliseconds(200);
  world.options.kill_grace = std::chrono::seconds(20);
  const RunReport report = world.run("polite");
  EXPECT_EQ(report.outcome(), "cancelled");
  EXPECT_EQ(report.exit_signal, 0);
}

TEST(Cancel, StopsTheRunOfOneCollector) {
  HostWorld world;
  world.on_progress = [&](const RunProgress&) {
    world.host().cancel("another");
    world.host().cancel("shop");
  };
  const RunReport report = world.run("polite");
  EXPECT_EQ(report.outcome(), "cancelled");
  EXPECT_EQ(report.failure->message(), "cancelled");
  EXPECT_EQ(report.exit_signal, 0);
}

TEST(Cancel, KillsAWorkerThatDoesNotListen) {
  HostWorld world;
  world.options.kill_grace = std::chrono::milliseconds(300);
  world.on_progress = [&](const RunProgress&) { world.host().cancel_all(); };
  const RunReport report = world.run("hang");
  EXPECT_EQ(report.outcome(), "cancelled");
  EXPECT_EQ(report.exit_signal, SIGKILL);
}

TEST(Cancel, BeforeTheWorkerHasStartedStartsNone) {
  HostWorld world;
  world.options.plugins = std::make_shared<Plugins>("/nowhere/baselined-worker");
  boost::asio::post(world.context, [&] { world.host().cancel_all(); });
  world.host();
  // The loop runs the cancel while the run waits for the writer to open the streams.
  const RunReport report = world.run("good");
  EXPECT_TRUE(report.outcome() == "cancelled" || report.outcome() == "config");
  EXPECT_TRUE(world.sink->is_destroyed);
}

TEST(Overlap, ASecondRunOfACollectorIsRefused) {
  HostWorld world;
  RunReport second;
  bool has_second = false;
  world.on_progress = [&](const RunProgress&) {
    RunRequest request;
    request.collector = fake_collector("good");
    auto sink = std::make_unique<FakeSink>(std::make_shared<SinkState>());
    boost::asio::co_spawn(world.context,
                          world.host().run(std::move(request), std::move(sink), nullptr),
                          [&](const std::exception_ptr&, RunReport report) {
                            second = std::move(report);
                            has_second = true;
                            world.host().cancel("shop");
                          });
  };
  EXPECT_EQ(world.run("polite").outcome(), "cancelled");
  ASSERT_TRUE(has_second);
  EXPECT_EQ(second.outcome(), "transient");
}

// The end of one worker was once taken for that of another, and the loop waited for that one for
// ever: the kernel reports a pidfd once more when its process is reaped, and Asio gives what it
// kept for a closed descriptor to the next one.
TEST(Overlap, ARunThatStartsWhenAnotherEndsIsNotTakenForIt) {
  constexpr int kCollectors = 6;
  constexpr int kRounds = 60;
  HostWorld world;
  std::map<std::string, int> outcomes;
  std::function<void(int, int)> run = [&](int number, int round) {
    RunRequest request;
    request.collector = fake_collector(round % 2 == 0 ? "crash" : "good");
    request.collector.name += std::to_string(number);
    request.collector.timeout = world.timeout;
    boost::asio::co_spawn(
        world.context,
        world.host().run(std::move(request),
                         std::make_unique<FakeSink>(std::make_shared<SinkState>()), nullptr),
        [&, number, round](const std::exception_ptr&, const RunReport& report) {
          ++outcomes[std::string(report.outcome())];
          if (round + 1 < kRounds) {
            run(number, round + 1);
          }
        });
  };
  for (int number = 0; number < kCollectors; ++number) {
    run(number, 0);
  }
  world.context.run();
  EXPECT_THAT(outcomes, ElementsAre(Pair("internal", kCollectors * kRounds / 2),
                                    Pair("ok", kCollectors * kRounds / 2)));
}

TEST(Leftovers, NoDescriptorChildOrThreadAfterManyRuns) {
  HostWorld world;
  world.timeout = std::chrono::milliseconds(300);
  world.options.kill_grace = std::chrono::milliseconds(50);
  world.options.staging_memory_bytes = 100'000;
  world.sink->keeps_events = false;
  world.run("good");
  constexpr const char* kBehaviours[] = {"good",         "flood",      "crash",
                                         "hang",         "garbage",    "leave",
                                         "close_socket", "never_exit", "rows_after_commit"};
  for (const char* behaviour : kBehaviours) {  // the image of each plugin stays
    ASSERT_TRUE(world.options.plugins->image(fake_plugin(behaviour)));
  }
  const std::size_t descriptors = count_descriptors();
  const std::filesystem::path tasks = "/proc/self/task";
  const auto threads = std::distance(std::filesystem::directory_iterator(tasks), {});
  for (const char* behaviour : kBehaviours) {
    for (int round = 0; round < 3; ++round) {
      world.run(behaviour);
    }
  }
  EXPECT_EQ(count_descriptors(), descriptors);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(tasks), {}), threads);
  EXPECT_FALSE(has_children());
}

TEST(Leftovers, ChildrenOfTheWorkerAreKilledWithIt) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  HostWorld world;
  EXPECT_EQ(world.run("leave_child").outcome(), "ok");
  const siginfo_t end = wait_for_orphan(world.sink->cursors["child"], 0);
  EXPECT_EQ(end.si_code, CLD_KILLED);
  EXPECT_EQ(end.si_status, SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Leftovers, AStrayChildOutsideTheGroupDoesNotKeepTheRunOpen) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  HostWorld world;
  world.run("good");
  ASSERT_TRUE(world.options.plugins->image(fake_plugin("leave_stray_child")));
  const std::size_t descriptors = count_descriptors();
  EXPECT_EQ(world.run("leave_stray_child").outcome(), "ok");
  EXPECT_EQ(count_descriptors(), descriptors);
  const std::string child = world.sink->cursors["child"];
  EXPECT_EQ(::kill(std::stoi(child), SIGKILL), 0) << "it is still there";
  wait_for_orphan(child, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Leftovers, AStrayChildThatFloodsOrDoesNotReadDoesNotKeepTheRunOpenEither) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  for (const auto& [behaviour, outcome] :
       {std::pair("leave_stray_flood", "ok"), std::pair("leave_stray_with_answers", "internal")}) {
    SCOPED_TRACE(behaviour);
    HostWorld world;
    world.sink->cursors["long"] = std::string(100'000, 'c');
    const RunReport report = world.run(behaviour);
    EXPECT_EQ(report.outcome(), outcome);
    EXPECT_LT(report.duration, world.timeout);
    const std::string child = world.sink->cursors["child"];
    EXPECT_EQ(::kill(std::stoi(child), SIGKILL), 0) << "it is still there";
    wait_for_orphan(child, 0);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Leftovers, ALoopThatIsTornDownInARunLeavesNoWorker) {
  const std::size_t descriptors = count_descriptors();
  auto sink = std::make_shared<SinkState>();
  {
    HostWorld world;
    RunRequest request;
    request.collector = fake_collector("hang");
    world.on_progress = [&](const RunProgress&) { world.context.stop(); };
    boost::asio::co_spawn(
        world.context,
        world.host().run(std::move(request), std::make_unique<FakeSink>(sink), world.on_progress),
        [](const std::exception_ptr&, const RunReport&) { FAIL() << "the run cannot end"; });
    world.context.run();
    EXPECT_TRUE(has_children());
  }
  EXPECT_FALSE(has_children());
  EXPECT_EQ(count_descriptors(), descriptors);
}

}  // namespace
}  // namespace baselined::host
