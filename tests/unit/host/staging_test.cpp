#include "daemon/host/staging.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using wire::FrameType;

struct Staged {
  FrameType type;
  std::string payload;
  bool operator==(const Staged&) const = default;
};

std::vector<Staged> replayed(const Staging& staging) {
  std::vector<Staged> frames;
  const Status status = staging.replay([&](FrameType type, std::string_view payload) -> Status {
    frames.push_back({type, std::string(payload)});
    return {};
  });
  EXPECT_TRUE(status.has_value());
  return frames;
}

void add(Staging& staging, const Staged& frame) {
  ASSERT_TRUE(staging.append(frame.type, frame.payload).has_value());
  if (staging.is_full()) {
    ASSERT_TRUE(staging.spill().has_value());
  }
}

TEST(Staging, GivesFramesBackInTheirOrder) {
  const auto directory = empty_directory("staging-order");
  for (const std::size_t memory : {std::size_t{1}, std::size_t{100}, std::size_t{1} << 20U}) {
    SCOPED_TRACE(memory);
    Staging staging(directory, memory);
    std::vector<Staged> expected;
    for (std::size_t i = 0; i < 200; ++i) {
      expected.push_back({i % 3 == 0 ? FrameType::rows : FrameType::remove,
                          std::string(i * 7 % 90, static_cast<char>('a' + i % 26))});
      add(staging, expected.back());
    }
    EXPECT_EQ(replayed(staging), expected);
    EXPECT_EQ(replayed(staging), expected) << "a replay consumes nothing";
    EXPECT_EQ(staging.file_bytes() > 0, memory < 1000);
  }
}

TEST(Staging, HoldsTheLargestFramesInMemoryAndFile) {
  Staging staging(empty_directory("staging-large"), 1);
  std::vector<Staged> expected;
  for (const char letter : {'a', 'b', 'c', 'd', 'e'}) {
    expected.push_back({FrameType::rows, std::string(wire::kMaxPayloadBytes, letter)});
    add(staging, expected.back());
  }
  EXPECT_EQ(replayed(staging), expected);
}

TEST(Staging, IsEmptyAfterClear) {
  Staging staging(empty_directory("staging-clear"), 10);
  add(staging, {FrameType::rows, "more than ten bytes"});
  staging.clear();
  EXPECT_TRUE(replayed(staging).empty());
  add(staging, {FrameType::rows, "again"});
  EXPECT_EQ(replayed(staging).size(), 1U);
}

TEST(Staging, LeavesNoName) {
  const auto directory = empty_directory("staging-name");
  Staging staging(directory, 10);
  add(staging, {FrameType::rows, "more than ten bytes"});
  ASSERT_GT(staging.file_bytes(), 0U);
  EXPECT_TRUE(std::filesystem::is_empty(directory));
}

TEST(Staging, StopsTheReplayAtAnError) {
  Staging staging(empty_directory("staging-error"), 1'000'000);
  add(staging, {FrameType::rows, "a"});
  add(staging, {FrameType::rows, "b"});
  int calls = 0;
  const Status status = staging.replay([&](FrameType, std::string_view) -> Status {
    ++calls;
    return Error(Error::Code::data, "no");
  });
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), Error::Code::data);
  EXPECT_EQ(calls, 1);
}

TEST(Staging, SaysWhereItCannotSpill) {
  Staging staging("/nowhere/at/all", 1);
  ASSERT_TRUE(staging.append(FrameType::rows, "a").has_value());
  const Status status = staging.spill();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), Error::Code::transient);
  EXPECT_THAT(status.error().message(), testing::HasSubstr("/nowhere/at/all"));
}

// As on a full disk, a part can be written and the rest not.
TEST(Staging, SaysThatTheFileCannotGrow) {
  Staging staging(empty_directory("staging-full"), 100'000);
  ASSERT_TRUE(staging.append(FrameType::rows, std::string(100'000, 'a')).has_value());
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {5'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = staging.spill();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_DFL);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), Error::Code::transient);
}

}  // namespace
}  // namespace baselined::host
