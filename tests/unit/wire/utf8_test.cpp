#include "daemon/wire/utf8.h"

#include <gtest/gtest.h>

namespace baselined::wire {
namespace {

TEST(Utf8, AcceptsWhatRfc3629Accepts) {
  for (const std::string_view text :
       {"", "plain", "a longer line of plain text", "gr\xC3\xBC\xC3\x9F", "\xE2\x82\xAC",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "eight by\xC3\xA9 and more text"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesWhatRfc3629Refuses) {
  for (const std::string_view text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x90\x80", "\xC3(",
        "\xE2(\xA1", "\xE2\x82(", "seven bytes then\xFF"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Utf8, PrefixDoesNotCutACharacter) {
  EXPECT_EQ(utf8_prefix("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(utf8_prefix("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(utf8_prefix("a\xE2\x82\xAC", 1), "a");
  EXPECT_EQ(utf8_prefix("abc", 2), "ab");
  EXPECT_EQ(utf8_prefix("\xE2\x82\xAC", 2), "");
}

TEST(Utf8, CleaningReplacesOnlyWhatIsBroken) {
  EXPECT_EQ(to_utf8("a\xFF\xE2\x82\xAC\xC3"), "a?\xE2\x82\xAC?");
  EXPECT_EQ(to_utf8(""), "");
}

}  // namespace
}  // namespace baselined::wire
