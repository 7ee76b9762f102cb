#include "daemon/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace baselined {
namespace {

TEST(IsUtf8, TakesValidTextOfEveryLength) {
  for (const std::string_view good :
       {"", "a", "plain ASCII of more than one word", "\x7f", "\xc2\x80", "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "12345678\xc3\xa9 and on", "1234567\xc3\xa9"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
}

TEST(IsUtf8, RefusesWhatTheStandardForbids) {
  struct Case {
    std::string_view what;
    std::string_view text;
  };
  for (const Case& bad : {
           Case{"a continuation alone", "\x80"},
           Case{"overlong, two bytes", "\xc0\x80"},
           Case{"overlong, two bytes", "\xc1\xbf"},
           Case{"overlong, three bytes", "\xe0\x9f\xbf"},
           Case{"overlong, four bytes", "\xf0\x8f\xbf\xbf"},
           Case{"surrogate", "\xed\xa0\x80"},
           Case{"above the last", "\xf4\x90\x80\x80"},
           Case{"five bytes", "\xf8\x88\x80\x80\x80"},
           Case{"cut after one of two", "\xc3"},
           Case{"cut after two of three", "\xe2\x82"},
           Case{"cut after three of four", "\xf0\x9f\x98"},
           Case{"third byte wrong", "\xe2\x82g"},
           Case{"fourth byte wrong", "\xf0\x9f\x98g"},
           Case{"no byte of UTF-8", "\xff"},
       }) {
    EXPECT_FALSE(is_utf8(bad.text)) << bad.what;
    EXPECT_FALSE(is_utf8("eight by" + std::string(bad.text))) << bad.what;
    EXPECT_FALSE(is_utf8("x" + std::string(bad.text))) << bad.what;
  }
}

TEST(CleanUtf8, KeepsWhatIsValid) {
  for (const std::string text :
       {"", "shop", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\x89", "\xED\x9F\xBF", "a\nb"}) {
    EXPECT_EQ(clean_utf8(text), text);
  }
}

TEST(CleanUtf8, ReplacesEveryByteThatIsNot) {
  const std::string r = "\xEF\xBF\xBD";
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

TEST(CleanUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(clean_utf8("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(clean_utf8("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(clean_utf8("a\xE2\x82\xAC", 1), "a");
  EXPECT_EQ(clean_utf8("abc", 2), "ab");
  EXPECT_EQ(clean_utf8("\xFF\xFF", 5), "\xEF\xBF\xBD");
  EXPECT_EQ(clean_utf8("a", 0), "");
}

}  // namespace
}  // namespace baselined
