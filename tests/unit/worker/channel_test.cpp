#include "daemon/worker/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "daemon/wire/messages.h"

namespace baselined::worker {
namespace {

using wire::FrameType;

// The worker's channel and the daemon's end of it, within one test.
class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    std::array<int, 2> ends = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours_ = ends[0];
    theirs_ = ends[1];
    channel_.emplace(ours_);
  }
  void TearDown() override {
    close(ours_);
    close_theirs();
  }
  void close_theirs() {
    if (theirs_ >= 0) {
      close(theirs_);
      theirs_ = -1;
    }
  }
  void answer(FrameType type, std::uint32_t id, std::string_view payload) const {
    std::string frame;
    wire::append_frame(frame, type, id, payload);
    answer_raw(frame);
  }
  void answer_raw(std::string_view bytes) const {
    EXPECT_EQ(::send(theirs_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  std::string received() const {
    std::array<char, 4096> bytes = {};
    const ssize_t size = ::recv(theirs_, bytes.data(), bytes.size(), 0);
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

  int ours_ = -1;
  int theirs_ = -1;
  std::optional<Channel> channel_;
};

TEST_F(ChannelTest, FramesAreCounted) {
  ASSERT_TRUE(channel_->send(FrameType::log, "a"));
  ASSERT_TRUE(channel_->send(FrameType::done, ""));
  std::string expected;
  wire::append_frame(expected, FrameType::log, 0, "a");
  wire::append_frame(expected, FrameType::done, 1, "");
  EXPECT_EQ(received(), expected);
}

TEST_F(ChannelTest, ReceivesThePayloadOfTheExpectedType) {
  answer(FrameType::cursor, 0, "abc");
  answer(FrameType::committed, 1, "");
  const auto payload = channel_->receive(FrameType::cursor);
  ASSERT_TRUE(payload);
  EXPECT_EQ(*payload, "abc");
  EXPECT_TRUE(channel_->receive(FrameType::committed));
}

TEST_F(ChannelTest, RefusedIsItsCodeAndStays) {
  answer(FrameType::refused, 0, encode(wire::Refused{9, "too many rows"}));
  const auto payload = channel_->receive(FrameType::committed);
  ASSERT_FALSE(payload);
  EXPECT_EQ(payload.error().code(), Error::Code::limit);
  EXPECT_EQ(payload.error().message(), "too many rows");
  EXPECT_EQ(channel_->send(FrameType::log, "a").error().code(), Error::Code::limit);
  EXPECT_EQ(channel_->receive(FrameType::start).error().code(), Error::Code::limit);
}

TEST_F(ChannelTest, RefusedReachesASenderThatNobodyReadsFrom) {
  // More than any socket buffers, so that send() has to wait.
  const std::string large(wire::kMaxPayloadBytes, 'x');
  answer(FrameType::refused, 0, encode(wire::Refused{4, "disk full"}));
  const Status sent = channel_->send(FrameType::rows, large);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Error::Code::transient);
}

TEST_F(ChannelTest, ADaemonThatIsGoneIsACancellation) {
  close_theirs();
  EXPECT_EQ(channel_->receive(FrameType::start).error().code(), Error::Code::cancelled);
  Channel sender(ours_);
  EXPECT_EQ(sender.send(FrameType::log, "a").error().code(), Error::Code::cancelled);
}

TEST_F(ChannelTest, AnotherTypeIsAViolation) {
  answer(FrameType::cursor, 0, "");
  EXPECT_EQ(channel_->receive(FrameType::committed).error().code(), Error::Code::internal);
}

TEST_F(ChannelTest, AnAnswerThatNobodyAskedForIsAViolation) {
  answer(FrameType::committed, 0, "");
  EXPECT_EQ(channel_->send(FrameType::log, "a").error().code(), Error::Code::internal);
}

TEST_F(ChannelTest, ALostFrameIsAViolation) {
  answer(FrameType::cursor, 1, "");
  EXPECT_EQ(channel_->receive(FrameType::cursor).error().code(), Error::Code::internal);
}

TEST_F(ChannelTest, AHeaderThatIsNoneIsAViolation) {
  answer_raw(std::string(wire::kHeaderBytes, '\xFF'));
  EXPECT_EQ(channel_->receive(FrameType::cursor).error().code(), Error::Code::internal);
}

TEST_F(ChannelTest, AFrameThatIsCutOffIsACancellation) {
  std::string frame;
  wire::append_frame(frame, FrameType::cursor, 0, "abc");
  answer_raw(std::string_view(frame).substr(0, frame.size() - 1));
  close_theirs();
  EXPECT_EQ(channel_->receive(FrameType::cursor).error().code(), Error::Code::cancelled);
}

}  // namespace
}  // namespace baselined::worker
