// --run, with the real program: every frame of a run, and every way in which it ends badly.
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/wire/rows.h"
#include "tests/unit/worker/worker_process.h"

namespace baselined::worker {
namespace {

using wire::FrameType;

constexpr std::uint8_t kConfig = 1;
constexpr std::uint8_t kRateLimited = 3;
constexpr std::uint8_t kTransient = 4;
constexpr std::uint8_t kData = 5;
constexpr std::uint8_t kCancelled = 6;
constexpr std::uint8_t kInternal = 8;
constexpr std::uint8_t kLimit = 9;

std::string options(std::string_view behaviour) {
  return R"({"do":")" + std::string(behaviour) + R"("})";
}

std::vector<FrameType> types_of(const std::vector<Frame>& frames) {
  std::vector<FrameType> types;
  types.reserve(frames.size());
  for (const Frame& frame : frames) {
    types.push_back(frame.type);
  }
  return types;
}

std::size_t count_of(const std::vector<Frame>& frames, FrameType type) {
  std::size_t count = 0;
  for (const Frame& frame : frames) {
    count += frame.type == type ? 1U : 0U;
  }
  return count;
}

// Reads the last two frames of a run that failed.
void expect_failure(WorkerProcess& worker, std::uint8_t code, std::string_view text) {
  const std::vector<Frame> frames = worker.finish();
  ASSERT_GE(frames.size(), 2U);
  const auto error = wire::decode_error(frames[frames.size() - 2].payload);
  const auto done = wire::decode_done(frames.back().payload);
  ASSERT_TRUE(error) << error.error().message();
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(error->code, code);
  EXPECT_EQ(done->status, code);
  EXPECT_NE(error->text.find(text), std::string::npos) << error->text;
  EXPECT_EQ(worker.wait().status, 0);
}

TEST(Run, HelloSaysWhoIsThere) {
  WorkerProcess worker(plugin("scripted_plugin"));
  const Frame frame = worker.expect(FrameType::hello);
  const auto hello = wire::decode_hello(frame.payload);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->build_id, wire::build_id());
  EXPECT_EQ(hello->plugin_id, "org.example.scripted");
  EXPECT_EQ(hello->plugin_version, "1.2.3-rc.1");
}

TEST(Run, NothingToDoIsDone) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("nothing"));
  const Frame frame = worker.expect(FrameType::done);
  const auto done = wire::decode_done(frame.payload);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, 0);
  EXPECT_GT(done->peak_memory_kib, 1000U);
  const Exit exit = worker.wait();
  EXPECT_EQ(exit.status, 0);
  EXPECT_EQ(exit.errors, "");
}

TEST(Run, EverythingArrivesInOrder) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("everything"));
  EXPECT_EQ(wire::decode_cursor_get(worker.expect(FrameType::cursor_get).payload)->key, "k");
  worker.send(FrameType::cursor, encode(wire::Cursor{"41"}));
  const std::vector<Frame> frames = worker.finish();
  // Rows of both streams go out before the removal, whose order matters.
  ASSERT_EQ(types_of(frames),
            (std::vector<FrameType>{FrameType::begin_scope, FrameType::rows, FrameType::rows,
                                    FrameType::remove, FrameType::coverage, FrameType::progress,
                                    FrameType::commit, FrameType::done}));
  EXPECT_EQ(wire::decode_begin_scope(frames[0].payload)->scope, "scope");
  auto rows = wire::RowsReader::open(frames[1].payload);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->stream(), 0U);
  ASSERT_EQ(rows->rows(), 2U);
  const auto row = rows->next();
  ASSERT_TRUE(row);
  EXPECT_EQ((*row)[0].text(), "a");
  EXPECT_EQ((*row)[1].integer, 1);
  EXPECT_EQ((*row)[2].type, CellType::time);
  EXPECT_EQ((*row)[3].real, 0.5);
  EXPECT_TRUE((*row)[4].is_null());
  EXPECT_EQ(wire::RowsReader::open(frames[2].payload)->stream(), 1U);
  auto removal = wire::RowsReader::open(frames[3].payload);
  ASSERT_TRUE(removal);
  EXPECT_EQ(removal->columns(), 2U);
  EXPECT_EQ(removal->next()->front().text(), "z");
  EXPECT_EQ(wire::decode_coverage(frames[4].payload)->from_us, INT64_MIN);
  EXPECT_EQ(wire::decode_progress(frames[5].payload)->unit, "things");
  EXPECT_EQ(wire::decode_commit(frames[6].payload)->cursor, "41+1");
}

TEST(Run, RowsAfterTheLastCommitAreSentForTheDaemonToCount) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("no_commit"));
  EXPECT_EQ(types_of(worker.finish()), (std::vector<FrameType>{FrameType::rows, FrameType::done}));
}

TEST(Run, OpenSetsComeAndGoInChunks) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("open_sets"));
  worker.expect(FrameType::open_set_get);
  worker.send(FrameType::open_set, encode(wire::OpenSet{0, "s", false, {"a", "b"}}));
  worker.send(FrameType::open_set, encode(wire::OpenSet{0, "s", true, {"c"}}));
  const Frame frame = worker.expect(FrameType::open_set_put);
  const auto put = wire::decode_open_set(frame.payload);
  ASSERT_TRUE(put);
  EXPECT_TRUE(put->last);
  EXPECT_EQ(put->keys, (std::vector<std::string_view>{"a", "b", "c", "new"}));
}

TEST(Run, ALargeOpenSetIsSplit) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("big_open_set"));
  std::size_t keys = 0;
  std::vector<bool> is_last;
  for (const Frame& frame : worker.finish()) {
    EXPECT_LE(frame.payload.size(), wire::kMaxPayloadBytes);
    if (frame.type == FrameType::open_set_put) {
      const auto chunk = wire::decode_open_set(frame.payload);
      ASSERT_TRUE(chunk);
      keys += chunk->keys.size();
      is_last.push_back(chunk->last);
    }
  }
  EXPECT_EQ(keys, 20U);
  ASSERT_GE(is_last.size(), 4U);
  EXPECT_TRUE(is_last.back());
  EXPECT_EQ(std::count(is_last.begin(), is_last.end(), true), 1);
}

TEST(Run, AnAnswerForAnotherOpenSetIsAViolation) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("open_sets"));
  worker.expect(FrameType::open_set_get);
  worker.send(FrameType::open_set, encode(wire::OpenSet{1, "s", true, {}}));
  expect_failure(worker, kInternal, "another open set");
}

TEST(Run, ModeWindowAndFrozenTimeReachThePlugin) {
  WorkerProcess worker(plugin("scripted_plugin"));
  const std::string text = options("run_info");
  wire::Start start;
  start.options = text;
  start.mode = wire::RunMode::backfill;
  start.window_begin_us = 10;
  start.window_end_us = 20;
  start.deadline_us = 43;
  start.frozen_now_us = 42;
  worker.start(start);
  const Frame frame = worker.expect(FrameType::log);
  EXPECT_EQ(wire::decode_log(frame.payload)->text,
            "mode 2, window 10 to 20, now 42, deadline 43, not cancelled");
}

TEST(Run, APluginThatLiesAboutItsRowsFailsWithTheReason) {
  const std::pair<std::string_view, std::string_view> lies[] = {
      {"wrong_count", "stream things: a row of 2 cells, 5 columns are declared"},
      {"wrong_type", "stream things: column part: another type than declared (text given, integer"},
      {"wrong_stream", "stream number 7 does not exist"},
      {"null_key", "stream things: column id: null in a required column"},
      {"nan", "stream things: column size: a number that is not finite"},
      {"wrong_key", "stream things: a key of 1 cells, 2 key columns are declared"},
      {"bad_scope", "a scope is not UTF-8"},
      {"hide_a_failure", "stream things: a row of 1 cells"},
  };
  for (const auto& [behaviour, reason] : lies) {
    SCOPED_TRACE(behaviour);
    WorkerProcess worker(plugin("scripted_plugin"));
    worker.start(options(behaviour));
    expect_failure(worker, kData, reason);
  }
}

TEST(Run, NothingIsCommittedOnTopOfRowsThatWereRefused) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("hide_a_failure"));
  EXPECT_EQ(types_of(worker.finish()), (std::vector<FrameType>{FrameType::error, FrameType::done}));
}

TEST(Run, WhatIsTooLargeIsALimit) {
  for (const std::string_view behaviour : {"big_row", "big_cursor"}) {
    SCOPED_TRACE(behaviour);
    WorkerProcess worker(plugin("scripted_plugin"));
    worker.start(options(behaviour));
    expect_failure(worker, kLimit, "bytes; at most ");
  }
}

TEST(Run, AProbeMayNotEmit) {
  WorkerProcess worker(plugin("scripted_plugin"));
  const std::string text = options("no_commit");
  wire::Start start;
  start.options = text;
  start.mode = wire::RunMode::probe;
  worker.start(start);
  expect_failure(worker, kData, "in a probe");
}

TEST(Run, AFailureOfThePluginKeepsItsTextAndRetry) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("fail"));
  const Frame frame = worker.expect(FrameType::error);
  const auto error = wire::decode_error(frame.payload);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, kRateLimited);
  EXPECT_EQ(error->retry_after_ms, 7000);
  EXPECT_EQ(error->text, "slow\xEF\xBF\xBD");
}

TEST(Run, AnExceptionInCreateIsAConfigError) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start("{}");
  expect_failure(worker, kConfig, "the options have no behaviour");
}

TEST(Run, AnExceptionThroughTheBoundaryIsContained) {
  WorkerProcess worker(plugin("throwing_plugin"));
  worker.start("{}");
  expect_failure(worker, kInternal, "out through the boundary");
}

TEST(Run, AStatusThatDoesNotExistIsInternal) {
  WorkerProcess worker(plugin("throwing_plugin"));
  worker.start("too long for it");
  expect_failure(worker, kInternal, "returned status 77");
}

TEST(Run, ACapabilityThatIsNotGrantedIsAConfigError) {
  WorkerProcess worker(plugin("scripted_plugin"), {"--granted", "4"});
  worker.start(options("nothing"));
  expect_failure(worker, kConfig, "the plugin needs threads, which is not allowed");
}

TEST(Run, TheCancelPageEndsARunThatPolls) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("wait"));
  worker.expect(FrameType::log);
  worker.cancel();
  expect_failure(worker, kCancelled, "");
}

// The daemon keeps the time, by its steady clock.
TEST(Run, AWallClockThatJumpsBehindTheDeadlineCancelsNothing) {
  WorkerProcess worker(plugin("scripted_plugin"));
  const std::string text = options("run_info");
  wire::Start start;
  start.options = text;
  start.deadline_us = 1;
  worker.start(start);
  const Frame frame = worker.expect(FrameType::log);
  EXPECT_TRUE(wire::decode_log(frame.payload)->text.ends_with("deadline 1, not cancelled"));
}

TEST(Run, TheCancelPageEndsAFlood) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("flood"));
  worker.expect(FrameType::rows);
  worker.cancel();
  expect_failure(worker, kCancelled, "");
}

TEST(Run, ARefusalEndsAFloodThatNobodyReads) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("flood"));
  worker.expect(FrameType::rows);
  worker.send_refused(kLimit, "too many rows");
  const Exit exit = worker.wait();
  EXPECT_EQ(exit.status, 1);
  EXPECT_NE(exit.errors.find("too many rows"), std::string::npos) << exit.errors;
}

TEST(Run, ARefusedCommitEndsTheRun) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("big_open_set"));
  while (worker.read()->type != FrameType::commit) {
  }
  worker.send_refused(kTransient, "disk full");
  EXPECT_EQ(worker.wait().status, 1);
}

TEST(Run, ARefusalInsteadOfStartEndsIt) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.expect(FrameType::hello);
  worker.send_refused(kInternal, "another build");
  const Exit exit = worker.wait();
  EXPECT_EQ(exit.status, 1);
  EXPECT_NE(exit.errors.find("another build"), std::string::npos) << exit.errors;
}

TEST(Run, ADaemonThatGoesAwayEndsAFlood) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("flood"));
  worker.expect(FrameType::rows);
  worker.close_channel();
  EXPECT_EQ(worker.wait().status, 1);
}

TEST(Run, GarbageFromTheDaemonEndsIt) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.expect(FrameType::hello);
  worker.send_raw(std::string(100, '\xFF'));
  EXPECT_EQ(worker.wait().status, 1);
}

TEST(Run, LogLinesAreCleanedCutAndTakenFromAnyThread) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("logs"));
  const Frame first = worker.expect(FrameType::log);
  EXPECT_EQ(wire::decode_log(first.payload)->text, "first\xEF\xBF\xBD");
  EXPECT_EQ(wire::decode_log(first.payload)->level, 0);
  const Frame second = worker.expect(FrameType::log);
  EXPECT_EQ(wire::decode_log(second.payload)->text.size(), 4096U);
  const Frame third = worker.expect(FrameType::log);
  EXPECT_EQ(wire::decode_log(third.payload)->text, "from a thread");
  EXPECT_EQ(wire::decode_log(third.payload)->level, 2);
  worker.expect(FrameType::done);
}

TEST(Run, AFloodOfLogLinesIsThinnedAndSaidSo) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("many_logs"));
  const std::vector<Frame> frames = worker.finish();
  EXPECT_LT(count_of(frames, FrameType::log), 10'000U);
  ASSERT_GE(frames.size(), 2U);
  const auto last = wire::decode_log(frames[frames.size() - 2].payload);
  ASSERT_TRUE(last);
  EXPECT_NE(last->text.find("more log lines were dropped"), std::string::npos);
}

TEST(Run, ProgressIsThinnedButTheLastOneArrives) {
  WorkerProcess worker(plugin("scripted_plugin"));
  worker.start(options("much_progress"));
  const std::vector<Frame> frames = worker.finish();
  EXPECT_LT(count_of(frames, FrameType::progress), 10'000U);
  ASSERT_GE(frames.size(), 2U);
  const auto last = wire::decode_progress(frames[frames.size() - 2].payload);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->done, 100'000U);
}

TEST(Run, WithoutADaemonItSaysWhoItIsFor) {
  const Exit exit = run_worker({"--run", plugin("scripted_plugin")});
  EXPECT_EQ(exit.status, 1);
  EXPECT_NE(exit.errors.find("this program is started by baselined"), std::string::npos)
      << exit.errors;
}

}  // namespace
}  // namespace baselined::worker
