#include "daemon/config/option_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baselined::config {
namespace {

using testing::ElementsAre;

constexpr Location kTable = {7, 3};

// Checks a TOML text against an object schema with these properties (and more keywords).
CheckedOptions check(const std::string& toml, const std::string& properties,
                     const std::string& more = "") {
  const auto schema = parse_option_schema(
      parse_json(R"({"type":"object","properties":{)" + properties + "}" + more + "}")
          .value()
          .as_object());
  EXPECT_TRUE(schema) << schema.error().message();
  const toml::table table = parse_toml(toml, "x").value();
  return check_options(&table, kTable, *schema);
}

std::string problems(const CheckedOptions& checked) {
  std::string text;
  for (const OptionProblem& problem : checked.problems) {
    text += (text.empty() ? "" : "; ") + std::to_string(problem.where.line) + ":" +
            std::to_string(problem.where.column) + " " + problem.message;
  }
  return text;
}

std::string values(const CheckedOptions& checked) { return json::serialize(checked.values); }

TEST(CheckOptions, SortsTheKeysOfEveryLevel) {
  const auto checked = check("z = 1\na = { y = 2, b = 3 }",
                             R"("z":{"type":"integer"},"a":{"type":"object","properties":{
               "y":{"type":"integer"},"b":{"type":"integer"},"a":{"type":"integer","default":1}}},
               "m":{"type":"boolean","default":false})");
  EXPECT_EQ(problems(checked), "");
  EXPECT_EQ(values(checked), R"({"a":{"a":1,"b":3,"y":2},"m":false,"z":1})");
}

TEST(CheckOptions, TheSameOptionsGiveTheSameBytes) {
  const std::string schema = R"("a":{"type":"integer"},"b":{"type":"integer","default":2})";
  EXPECT_EQ(values(check("a = 1", schema)), values(check("b = 2\na = 1", schema)));
}

TEST(CheckOptions, WithoutATableTheDefaultsCount) {
  const auto schema = parse_option_schema(
      parse_json(R"({"type":"object","properties":{"a":{"type":"integer","default":1},
                     "b":{"type":"string"}},"required":["b"]})")
          .value()
          .as_object());
  const CheckedOptions checked = check_options(nullptr, kTable, *schema);
  EXPECT_EQ(problems(checked), "7:3 missing option 'b'");
}

TEST(CheckOptions, ADefaultTableIsFilledInItself) {
  const auto checked = check("", R"("a":{"type":"object","default":{},"properties":{
                                   "b":{"type":"integer","default":4}}})");
  EXPECT_EQ(values(checked), R"({"a":{"b":4}})");
}

TEST(CheckOptions, ARequiredOptionWithADefaultMayBeLeftOut) {
  const auto checked = check("", R"("a":{"type":"integer","default":4})", R"(,"required":["a"])");
  EXPECT_EQ(problems(checked), "");
  EXPECT_EQ(values(checked), R"({"a":4})");
}

TEST(CheckOptions, PathsAreCollectedWhereverTheyStand) {
  const auto checked =
      check("a = '/z'\nb = ['/b', '/a', '/z']\nc = { d = '/c/*' }\ntext = '/not/this'",
            R"("a":{"type":"string","format":"path"},
         "b":{"type":"array","items":{"type":"string","format":"path"}},
         "c":{"type":"object","properties":{"d":{"type":"string","format":"path"}}},
         "text":{"type":"string"},
         "e":{"type":"string","format":"path","default":"/default"})");
  EXPECT_EQ(problems(checked), "");
  EXPECT_THAT(checked.paths, ElementsAre("/a", "/b", "/c/*", "/default", "/z"));
}

struct ProblemCase {
  const char* toml;
  const char* property;  // of x
  const char* problems;
};

class CheckOneOption : public testing::TestWithParam<ProblemCase> {};

TEST_P(CheckOneOption, HasTheProblem) {
  const auto checked = check(GetParam().toml, std::string("\"x\":") + GetParam().property);
  EXPECT_EQ(problems(checked), GetParam().problems) << GetParam().toml;
}

constexpr const char* kString = R"({"type":"string"})";
constexpr const char* kInteger = R"({"type":"integer","minimum":2,"maximum":4})";
constexpr const char* kNumber = R"({"type":"number","minimum":0.5,"maximum":1.5})";
constexpr const char* kBoolean = R"({"type":"boolean"})";
constexpr const char* kArray = R"({"type":"array","items":{"type":"string"},"minItems":2})";
constexpr const char* kObject = R"({"type":"object","properties":{"y":{"type":"integer"}},
                               "required":["y"]})";
constexpr const char* kEnum = R"({"type":"string","enum":["full","fast"]})";
constexpr const char* kPath = R"({"type":"string","format":"path"})";
constexpr const char* kDuration = R"({"type":"string","format":"duration"})";
constexpr const char* kGlob = R"({"type":"string","format":"glob"})";
constexpr const char* kRegex = R"({"type":"string","format":"regex"})";

constexpr ProblemCase kCases[] = {
    {"x = ''", kString, ""},
    {"x = 1", kString, "1:5 option 'x' must be a string, not an integer"},
    {"x = 1.5", kString, "1:5 option 'x' must be a string, not a number"},
    {"x = true", kString, "1:5 option 'x' must be a string, not a boolean"},
    {"x = ['a']", kString, "1:5 option 'x' must be a string, not an array"},
    {"x.y = 1", kString, "1:1 option 'x' must be a string, not a table"},
    {"x = 2026-01-01", kString, "1:5 option 'x' must be a string, not a date or time"},
    {"x = 12:00:00", kString, "1:5 option 'x' must be a string, not a date or time"},
    {"\n\n   x =   2026-01-01T00:00:00Z", kString,
     "3:10 option 'x' must be a string, not a date or time"},
    {"x = 2", kInteger, ""},
    {"x = 4", kInteger, ""},
    {"x = 1", kInteger, "1:5 option 'x' must be at least 2"},
    {"x = 5", kInteger, "1:5 option 'x' must be at most 4"},
    {"x = 3.0", kInteger, "1:5 option 'x' must be an integer, not a number"},
    {"x = '3'", kInteger, "1:5 option 'x' must be an integer, not a string"},
    {"x = 1", kNumber, ""},
    {"x = 0.5", kNumber, ""},
    {"x = 0.4", kNumber, "1:5 option 'x' must be at least 0.5"},
    {"x = 2", kNumber, "1:5 option 'x' must be at most 1.5"},
    {"x = nan", kNumber, "1:5 option 'x' must be finite"},
    {"x = -inf", kNumber, "1:5 option 'x' must be finite"},
    {"x = false", kBoolean, ""},
    {"x = 'yes'", kBoolean, "1:5 option 'x' must be a boolean, not a string"},
    {"x = 0", kBoolean, "1:5 option 'x' must be a boolean, not an integer"},
    {"x = ['a', 'b']", kArray, ""},
    {"x = ['a']", kArray, "1:5 option 'x' must hold at least 2 values"},
    {"x = 'a'", kArray, "1:5 option 'x' must be an array, not a string"},
    {"x = ['a', 1, 2.5]", kArray,
     "1:11 option 'x[1]' must be a string, not an integer; "
     "1:14 option 'x[2]' must be a string, not a number"},
    {"x = [\n  'a',\n  []\n]", kArray, "3:3 option 'x[1]' must be a string, not an array"},
    {"x = { y = 1 }", kObject, ""},
    {"x = {}", kObject, "1:5 missing option 'x.y'"},
    {"x = { y = 1, z = 2 }", kObject, "1:14 unknown option 'x.z'"},
    {"x = { y = 'a' }", kObject, "1:11 option 'x.y' must be an integer, not a string"},
    {"x = 'y'", kObject, "1:5 option 'x' must be a table, not a string"},
    {"x = 'full'", kEnum, ""},
    {"x = 'fsat'", kEnum,
     "1:5 option 'x' must be one of \"full\", \"fast\" (did you mean 'fast'?)"},
    {"x = 'other'", kEnum, "1:5 option 'x' must be one of \"full\", \"fast\""},
    {"x = '/a/b'", kPath, ""},
    {"x = '/a/*.git'", kPath, ""},
    {"x = 'a/b'", kPath, "1:5 option 'x' is the relative path 'a/b'; write it from the root: /..."},
    {"x = '~/b'", kPath, "1:5 option 'x' is the relative path '~/b'; write it from the root: /..."},
    {"x = ''", kPath, "1:5 option 'x' is empty"},
    {"x = \"/a\\u0000b\"", kPath, "1:5 option 'x' has a control character in it"},
    {"x = '90s'", kDuration, ""},
    {"x = '90'", kDuration,
     "1:5 option 'x' is wrong: '90' is not a duration such as 90s, 15m, 6h, 28d or 1h30m"},
    {"x = 'v*'", kGlob, ""},
    {"x = 'v[0-9]'", kGlob,
     "1:5 option 'x' is the pattern 'v[0-9]', but '[' means nothing in a pattern: only * and ? "
     "do"},
    {"x = '{a,b}'", kGlob,
     "1:5 option 'x' is the pattern '{a,b}', but '{' means nothing in a pattern: only * and ? do"},
    {"x = '\\[bot\\]$'", kRegex, ""},
    {"x = '(bot'", kRegex,
     "1:5 option 'x' is '(bot', which is not a regular expression "
     "(ECMAScript)"},
    {"y = 1", kString, "1:1 unknown option 'y'"},
    {"password = 1", kString, "1:1 unknown option 'password'"},
};
INSTANTIATE_TEST_SUITE_P(Table, CheckOneOption, testing::ValuesIn(kCases));

TEST(CheckOptions, EveryProblemIsTold) {
  EXPECT_EQ(problems(check("a = 1\nb = 'x'\nc = 2", R"("a":{"type":"string"},
                           "b":{"type":"integer"},"d":{"type":"integer"})",
                           R"(,"required":["d"])")),
            "1:5 option 'a' must be a string, not an integer; "
            "2:5 option 'b' must be an integer, not a string; "
            "3:1 unknown option 'c'; "
            "7:3 missing option 'd'");
}

TEST(CheckOptions, OtherOptionsAreKeptWhereTheSchemaAllowsThem) {
  const auto checked =
      check("z = { b = [1, 'x'], a = true }\nx = 2.5", "", R"(,"additionalProperties":true)");
  EXPECT_EQ(problems(checked), "");
  EXPECT_EQ(values(checked), R"({"x":2.5E0,"z":{"a":true,"b":[1,"x"]}})");
}

TEST(CheckOptions, OtherOptionsMustBeJsonAllTheSame) {
  EXPECT_EQ(problems(check("a = 2026-01-01\nb = [inf]\nc = { d = 12:00:00 }", "",
                           R"(,"additionalProperties":true)")),
            "1:5 option 'a' must be text, not a date or time; "
            "2:5 option 'b[0]' must be finite; "
            "3:5 option 'c.d' must be text, not a date or time");
}

TEST(CheckOptions, ARegularExpressionIsBounded) {
  const std::string schema = R"("x":{"type":"string","format":"regex"})";
  EXPECT_EQ(problems(check("x = '" + std::string(1000, '(') + "'", schema)).substr(0, 15),
            "1:5 option 'x' ");
  EXPECT_EQ(problems(check("x = '" + std::string(1001, 'a') + "'", schema)),
            "1:5 option 'x' is a regular expression of more than 1000 bytes");
}

}  // namespace
}  // namespace baselined::config
