// Who keeps the broker's thread, and who only seems to.
#include "daemon/broker/turn.h"

#include <gtest/gtest.h>

#include <ctime>
#include <thread>

namespace baselined::test {
namespace {

using broker::Turn;

std::chrono::nanoseconds processor_time() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

void work(std::chrono::nanoseconds time) {
  const auto end = processor_time() + time;
  while (processor_time() < end) {
  }
}

constexpr int kOne = 1;
constexpr int kOther = 2;

TEST(Turn, IsOverForAReaderThatReadsOnWithoutEnd) {
  Turn turn;
  turn.begin();
  const auto begun = processor_time();
  while (!turn.is_over(&kOne)) {
  }
  const auto spent = processor_time() - begun;
  EXPECT_GT(spent, Turn::kLongest);
  EXPECT_LT(spent, 2 * Turn::kLongest);
}

TEST(Turn, IsNotOverForAProcessThatWasStopped) {
  Turn turn;
  turn.begin();
  EXPECT_FALSE(turn.is_over(&kOne));
  std::this_thread::sleep_for(3 * Turn::kLongest);
  EXPECT_FALSE(turn.is_over(&kOne));
}

TEST(Turn, IsNotOverBecauseOfWhatWeDoWithTheBytes) {
  Turn turn;
  turn.begin();
  for (auto spent = 0 * Turn::kLongest; spent < 2 * Turn::kLongest; spent += Turn::kLongestStep) {
    EXPECT_FALSE(turn.is_over(&kOne));
    work(Turn::kLongestStep);
    turn.worked();
  }
  EXPECT_FALSE(turn.is_over(&kOne));
}

TEST(Turn, IsNotOverBecauseOfOneLongStep) {
  Turn turn;
  turn.begin();
  EXPECT_FALSE(turn.is_over(&kOne));
  work(2 * Turn::kLongest);
  EXPECT_FALSE(turn.is_over(&kOne));
}

TEST(Turn, IsOverOnlyForTheReaderThatReadsOn) {
  Turn turn;
  turn.begin();
  EXPECT_FALSE(turn.is_over(&kOther));
  while (!turn.is_over(&kOne)) {
  }
  EXPECT_FALSE(turn.is_over(&kOther));
}

// Of a large answer: each turn brings a part.
TEST(Turn, CountsFromItsBeginning) {
  Turn turn;
  for (int number = 0; number < 3; ++number) {
    turn.begin();
    const auto end = processor_time() + Turn::kLongest / 2;
    while (processor_time() < end) {
      EXPECT_FALSE(turn.is_over(&kOne));
    }
  }
}

}  // namespace
}  // namespace baselined::test
