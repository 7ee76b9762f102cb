#include "daemon/wire/frame.h"

#include <gtest/gtest.h>

#include "daemon/wire/messages.h"

namespace baselined::wire {
namespace {

TEST(Frame, HeaderIsTwelveLittleEndianBytes) {
  std::string out;
  append_frame(out, FrameType::rows, 0x01020304, "abc");
  EXPECT_EQ(out, std::string("\x03\0\0\0\x02\0\0\0\x04\x03\x02\x01"
                             "abc",
                             15));
}

TEST(Frame, HeaderDecodesToWhatWasWritten) {
  std::string out = "before";
  append_frame(out, FrameType::refused, 7, std::string(300, 'x'));
  const auto header = decode_header(std::string_view(out).substr(6));
  ASSERT_TRUE(header) << header.error().message();
  EXPECT_EQ(header->type, FrameType::refused);
  EXPECT_EQ(header->length, 300U);
  EXPECT_EQ(header->id, 7U);
}

TEST(Frame, EveryTypeByteIsKnownOrRefused) {
  int known = 0;
  for (int type = 0; type < 256; ++type) {
    std::string header(kHeaderBytes, '\0');
    header[4] = static_cast<char>(type);
    known += decode_header(header) ? 1 : 0;
  }
  EXPECT_EQ(known, 21);
}

TEST(Frame, FlagsAreRefused) {
  for (const std::size_t at : {5U, 6U, 7U}) {
    std::string header(kHeaderBytes, '\0');
    header[4] = 1;
    ASSERT_TRUE(decode_header(header));
    header[at] = 1;
    EXPECT_FALSE(decode_header(header)) << at;
  }
}

TEST(Frame, PayloadMayHaveTheLimitAndNotAByteMore) {
  std::string out;
  append_frame(out, FrameType::rows, 0, std::string(kMaxPayloadBytes, 'x'));
  EXPECT_TRUE(decode_header(out));
  ++out[0];
  const auto header = decode_header(out);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code(), Error::Code::internal);
}

TEST(Frame, ShortHeaderIsRefused) {
  EXPECT_FALSE(decode_header(std::string(kHeaderBytes - 1, '\1')));
  EXPECT_FALSE(decode_header(""));
}

TEST(BuildId, NamesVersionAndContent) {
  EXPECT_TRUE(build_id().starts_with("0.")) << build_id();
  EXPECT_GE(build_id().size(), 20U);
}

}  // namespace
}  // namespace baselined::wire
