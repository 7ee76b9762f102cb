#include "daemon/base/toml.h"

#include <gtest/gtest.h>

namespace baselined {
namespace {

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) {
    text += part;
  }
  return text;
}

std::string error_of(std::string_view text) {
  const auto table = parse_toml(text, "x.toml");
  return table ? "parsed" : table.error().message();
}

TEST(ParseToml, ReadsATableWithPlaces) {
  const auto table = parse_toml("a = 1\n[b]\nc = 'x'\n", "x.toml");
  ASSERT_TRUE(table);
  EXPECT_EQ((*table)["a"].value<int>(), 1);
  EXPECT_EQ((*table)["b"]["c"].node()->source().begin.line, 3U);
  EXPECT_EQ((*table)["b"]["c"].node()->source().begin.column, 5U);
}

TEST(ParseToml, AnEmptyTextIsAnEmptyTable) {
  const auto table = parse_toml("", "x.toml");
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->empty());
}

TEST(ParseToml, ASyntaxErrorHasItsPlace) {
  const auto table = parse_toml("a = 1\nb = \n", "x.toml");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), Error::Code::config);
  EXPECT_EQ(table.error().message().rfind("x.toml:2:", 0), 0U) << table.error().message();
}

TEST(ParseToml, ARepeatedKeyIsNamed) {
  EXPECT_EQ(error_of("a = 1\na = 2\n"),
            "x.toml:2:5: Error while parsing key-value pair: cannot redefine existing integer 'a'");
}

TEST(ParseToml, AnErrorDoesNotShowTheValue) {
  for (const char* text : {"token = glpat-canary", "token = tcanary", "token = \"glpat-canary",
                           "token = 'glpat-canary\n'", "token = 12canary", "token = +canary",
                           "token = 2026-canary", "token = \"a\\canary\"", "token = [canary]",
                           "token = {a = canary}", "token = 0xcanary", "token = _canary"}) {
    EXPECT_EQ(error_of(text).find("canary"), std::string::npos) << error_of(text);
    EXPECT_NE(error_of(text), "parsed") << text;
  }
}

TEST(ParseToml, InvalidUtf8IsRefused) { EXPECT_NE(error_of("a = \"\xff\""), "parsed"); }

TEST(ParseToml, TheSizeIsBounded) {
  const std::string fits = "#" + std::string(kMaxTomlBytes - 1, 'x');
  EXPECT_EQ(error_of(fits), "parsed");
  EXPECT_EQ(error_of(fits + "x"), "x.toml: larger than 1048576 bytes");
}

TEST(ParseToml, NestingIsBounded) {
  EXPECT_EQ(error_of("a = " + repeated("[", 16) + repeated("]", 16)), "parsed");
  EXPECT_EQ(error_of("a = " + repeated("[", 17) + repeated("]", 17)),
            "x.toml:1:21: nested deeper than 16 levels");
  EXPECT_EQ(error_of("a = " + repeated("{a=", 500) + "1" + repeated("}", 500)),
            "x.toml:1:53: nested deeper than 16 levels");
}

TEST(ParseToml, DottedKeysAreBounded) {
  EXPECT_EQ(error_of(repeated("a.", 15) + "a = 1"), "parsed");
  EXPECT_EQ(error_of(repeated("a.", 16) + "a = 1"), "x.toml:1:32: a key of more than 16 parts");
  EXPECT_EQ(error_of("\n[" + repeated("a.", 16) + "a]"),
            "x.toml:2:33: a key of more than 16 parts");
  EXPECT_EQ(error_of("x = { " + repeated("a . ", 16) + "a = 1 }"),
            "x.toml:1:69: a key of more than 16 parts");
}

// 500,000 levels would overflow the stack of a recursive parser or destructor.
TEST(ParseToml, AHostileTextIsRefusedInsteadOfRecursedInto) {
  EXPECT_NE(error_of(repeated("a.", 500'000) + "a = 1"), "parsed");
  EXPECT_NE(error_of("[" + repeated("a.", 500'000) + "a]"), "parsed");
  EXPECT_NE(error_of("a = " + repeated("[", 500'000)), "parsed");
  EXPECT_NE(error_of("a = " + repeated("{a.b=", 200'000)), "parsed");
}

TEST(ParseToml, BracketsAndDotsInTextAndCommentsDoNotCount) {
  const std::string many = repeated("[.{", 40);
  EXPECT_EQ(error_of("a = \"" + many + "\""), "parsed");
  EXPECT_EQ(error_of("a = '" + many + "'"), "parsed");
  EXPECT_EQ(error_of("a = \"\\\"" + many + "\""), "parsed");
  EXPECT_EQ(error_of("a = \"\"\"\n" + many + "\n\"\"\""), "parsed");
  EXPECT_EQ(error_of("a = '''\n\"" + many + "'''"), "parsed");
  EXPECT_EQ(error_of("a = \"\"\"x\"\"\"\"\"\nb = 1 # " + many + "\nc = 2"), "parsed");
  EXPECT_EQ(error_of("\"" + many + "\" = 1"), "parsed");
}

TEST(ParseToml, ManyTablesSideBySideAreFine) {
  EXPECT_EQ(error_of(repeated("[[c]]\na.b = [1.5, {x = 'y'}]\n", 1000)), "parsed");
}

TEST(ParseToml, APlaceCountsCharacters) {
  EXPECT_EQ(error_of("\"\xc3\xa9\" = " + repeated("[", 17)),
            "x.toml:1:23: nested deeper than 16 levels");
}

}  // namespace
}  // namespace baselined
