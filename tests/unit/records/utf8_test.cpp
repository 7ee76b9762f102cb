#include "daemon/records/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace baselined::records {
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

}  // namespace
}  // namespace baselined::records
