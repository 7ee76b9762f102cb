#include "daemon/base/json.h"

#include <gtest/gtest.h>

namespace baselined {
namespace {

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

TEST(ParseJson, ReadsAValue) {
  const auto value = parse_json(R"({"a":[1,2.5,"x",null,true]})");
  ASSERT_TRUE(value);
  EXPECT_EQ(json::serialize(*value), R"({"a":[1,2.5E0,"x",null,true]})");
}

TEST(ParseJson, KeepsTheOrderOfMembers) {
  const auto value = parse_json(R"({"z":1,"a":2})");
  ASSERT_TRUE(value);
  EXPECT_EQ(json::serialize(*value), R"({"z":1,"a":2})");
}

TEST(ParseJson, RefusesWhatIsNotOneValue) {
  for (const char* text : {"", " ", "{", "[1,]", "1 2", "{} x", "nul", "{\"a\":}", "'a'", "NaN",
                           "\"\xff\"", "[1", "\"\\ud800\"", "01"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code(), Error::Code::data) << text;
    EXPECT_EQ(value.error().message().rfind("not valid JSON: ", 0), 0U) << text;
  }
}

TEST(ParseJson, AcceptsThirtyTwoLevelsAndNoMore) {
  EXPECT_TRUE(parse_json(nested(32)));
  EXPECT_FALSE(parse_json(nested(33)));
  EXPECT_FALSE(parse_json(nested(1'000'000)));
}

TEST(PrettyJson, PutsEveryMemberOnItsLine) {
  const auto value = parse_json(R"({"a":{"b":[1,"x"],"c":{}},"d":[]})");
  ASSERT_TRUE(value);
  EXPECT_EQ(pretty_json(*value),
            "{\n"
            "  \"a\": {\n"
            "    \"b\": [\n"
            "      1,\n"
            "      \"x\"\n"
            "    ],\n"
            "    \"c\": {}\n"
            "  },\n"
            "  \"d\": []\n"
            "}");
}

TEST(PrettyJson, WritesNumbersForPeopleThatAreStillJson) {
  EXPECT_EQ(pretty_json(6.07), "6.07");
  EXPECT_EQ(pretty_json(7), "7");
  for (const double number : {0.1, -2.5, 1e300, 5e-324, 1.0, 123456789.125}) {
    const auto again = parse_json(pretty_json(number));
    ASSERT_TRUE(again) << number;
    EXPECT_EQ(again->to_number<double>(), number);
  }
}

TEST(PrettyJson, EscapesKeysAndRoundTrips) {
  const json::value value = {{"a\"b\n", "\x01"}};
  const auto again = parse_json(pretty_json(value));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, value);
}

}  // namespace
}  // namespace baselined
