#include "daemon/expose/label.h"

#include <gtest/gtest.h>

namespace baselined::expose {
namespace {

constexpr const char* kReplaced = "\xEF\xBF\xBD";

TEST(CleanUtf8, KeepsWhatIsValid) {
  for (const std::string text :
       {"", "shop", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\x89", "\xED\x9F\xBF", "a\nb"}) {
    EXPECT_EQ(clean_utf8(text), text);
  }
}

TEST(CleanUtf8, ReplacesEveryByteThatIsNot) {
  const std::string r = kReplaced;
  EXPECT_EQ(clean_utf8("a\xFFz"), "a" + r + "z");
  EXPECT_EQ(clean_utf8("\xC3"), r);                  // cut off
  EXPECT_EQ(clean_utf8("\xE2\x82"), r + r);          //
  EXPECT_EQ(clean_utf8("\xC0\x80"), r + r);          // overlong
  EXPECT_EQ(clean_utf8("\xE0\x80\x80"), r + r + r);  //
  EXPECT_EQ(clean_utf8("\xF0\x80\x80\x80"), r + r + r + r);
  EXPECT_EQ(clean_utf8("\xED\xA0\x80"), r + r + r);          // surrogate
  EXPECT_EQ(clean_utf8("\xF4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(clean_utf8("\xC3(\xC3\xA9"), r + "(\xC3\xA9");
}

TEST(CleanHelp, IsOneLine) { EXPECT_EQ(clean_help("a\nb\tc\\n\xFF"), "a b c\\\\n\xEF\xBF\xBD"); }

TEST(CleanName, IsAName) { EXPECT_EQ(clean_name("a-B_9 \xC3\xA9"), "a_B_9___"); }

}  // namespace
}  // namespace baselined::expose
