#include "daemon/worker/log_queue.h"

#include <gtest/gtest.h>

namespace baselined::worker {
namespace {

using std::chrono::milliseconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

TEST(LogQueue, LinesComeOutInOrderAndOnce) {
  LogQueue queue;
  queue.add(BL_INFO, "one", kStart);
  queue.add(BL_ERROR, "two", kStart);
  const auto lines = queue.take();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].text, "one");
  EXPECT_EQ(lines[1].level, BL_ERROR);
  EXPECT_TRUE(queue.take().empty());
}

TEST(LogQueue, TextIsCutAndCleaned) {
  LogQueue queue;
  queue.add(BL_INFO, "a\xFF" + std::string(2 * LogQueue::kMaxLineBytes, 'x'), kStart);
  const auto lines = queue.take();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text.size(), LogQueue::kMaxLineBytes);
  EXPECT_TRUE(lines[0].text.starts_with("a\xEF\xBF\xBDx"));
}

TEST(LogQueue, ALevelThatDoesNotExistIsAWarning) {
  LogQueue queue;
  queue.add(-1, "a", kStart);
  queue.add(4, "b", kStart);
  for (const LogLine& line : queue.take()) {
    EXPECT_EQ(line.level, BL_WARN);
  }
}

TEST(LogQueue, AFloodIsCountedAndDropped) {
  LogQueue queue;
  for (int line = 0; line < LogQueue::kBurst + 10; ++line) {
    queue.add(BL_INFO, "x", kStart);
  }
  EXPECT_EQ(queue.take().size(), static_cast<std::size_t>(LogQueue::kBurst));
  EXPECT_EQ(queue.dropped(), 10U);
}

TEST(LogQueue, TimeAllowsMoreLinesButNeverMoreThanABurst) {
  LogQueue queue;
  const auto accepted_at = [&queue](SteadyTime now) {
    for (int line = 0; line < 2 * LogQueue::kBurst; ++line) {
      queue.add(BL_INFO, "x", now);
    }
    return static_cast<std::int64_t>(queue.take().size());
  };
  EXPECT_EQ(accepted_at(kStart), LogQueue::kBurst);
  EXPECT_EQ(accepted_at(kStart + LogQueue::kInterval - milliseconds(1)), 0);
  EXPECT_EQ(accepted_at(kStart + LogQueue::kInterval), 1);
  EXPECT_EQ(accepted_at(kStart + 4 * LogQueue::kInterval), 3);
  EXPECT_EQ(accepted_at(kStart + std::chrono::hours(1)), LogQueue::kBurst);
}

}  // namespace
}  // namespace baselined::worker
