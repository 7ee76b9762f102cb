#include "daemon/host/text.h"

#include <gmock/gmock.h>

#include <vector>

namespace baselined::host {
namespace {

using testing::ElementsAre;

TEST(CleanText, RemovesWhatATerminalObeys) {
  EXPECT_EQ(clean_text("a\nb\tc\rd"), "a b c d");
  EXPECT_EQ(clean_text("\x1b[31mred\x07\x7f"), "[31mred");
  EXPECT_EQ(clean_text("\xc2\x9b"
                       "31m"),
            "31m")
      << "the one-character form of ESC [";
  EXPECT_EQ(clean_text("\xc2\xa0\xc3\xa9"), "\xc2\xa0\xc3\xa9");
}

TEST(CleanText, IsUtf8AndBounded) {
  EXPECT_EQ(clean_text("a\xff"
                       "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(clean_text("\xc3\xa9\xc3\xa9", 3), "\xc3\xa9");
  EXPECT_EQ(clean_text(std::string(10'000, 'x')).size(), kMaxTextBytes);
}

std::vector<std::string> lines_of(std::initializer_list<std::string_view> pieces) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  const LineSplitter::OnLine on_line = [&](std::string_view line) { lines.emplace_back(line); };
  for (const std::string_view piece : pieces) {
    splitter.add(piece, on_line);
  }
  splitter.finish(on_line);
  return lines;
}

TEST(LineSplitter, CutsAtLineEndsWhereverPiecesEnd) {
  EXPECT_THAT(lines_of({"one\ntw", "o\n\nthr", "ee"}), ElementsAre("one", "two", "", "three"));
  EXPECT_THAT(lines_of({"one\n"}), ElementsAre("one"));
  EXPECT_THAT(lines_of({}), ElementsAre());
}

TEST(LineSplitter, CutsALineThatIsTooLong) {
  const std::string piece(3'000, 'x');
  EXPECT_THAT(lines_of({piece, piece, piece, "\nnext\n"}),
              ElementsAre(std::string(kMaxTextBytes, 'x'), "next"));
}

TEST(LineLimiter, CountsWhatItRefusesUntilTheNextWindow) {
  LineLimiter limiter;
  const SteadyTime start;
  for (std::uint64_t line = 0; line < LineLimiter::kLines; ++line) {
    EXPECT_TRUE(limiter.allows(start));
  }
  EXPECT_FALSE(limiter.allows(start));
  EXPECT_FALSE(limiter.allows(start + std::chrono::seconds(9)));
  EXPECT_TRUE(limiter.allows(start + std::chrono::seconds(10)));
  EXPECT_EQ(limiter.take_suppressed(), 2U);
  EXPECT_EQ(limiter.take_suppressed(), 0U);
}

}  // namespace
}  // namespace baselined::host
