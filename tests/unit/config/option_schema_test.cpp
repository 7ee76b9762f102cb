#include "daemon/config/option_schema.h"

#include <gtest/gtest.h>

namespace baselined::config {
namespace {

Result<OptionSchema> parse(std::string_view text) {
  return parse_option_schema(parse_json(text).value().as_object());
}

// A schema whose option "x" is this.
Result<OptionSchema> parse_property(const std::string& property) {
  return parse(R"({"type":"object","properties":{"x":)" + property + "}}");
}

TEST(ParseOptionSchema, ReadsEveryKeyword) {
  const auto schema = parse(R"({"type":"object","description":"All.","required":["b"],
      "additionalProperties":true,"properties":{
        "b":{"type":"array","items":{"type":"string","format":"glob"},"minItems":2},
        "a":{"type":"integer","minimum":1,"maximum":5,"enum":[1,3,5],"default":3},
        "c":{"type":"number","minimum":0.5},
        "d":{"type":"boolean","default":true},
        "e":{"type":"object"}}})");
  ASSERT_TRUE(schema) << schema.error().message();
  EXPECT_EQ(schema->description, "All.");
  EXPECT_TRUE(schema->allows_others);
  ASSERT_EQ(schema->properties.size(), 5U);
  EXPECT_EQ(schema->properties[0].name, "b");
  EXPECT_TRUE(schema->property("b")->is_required);
  EXPECT_EQ(schema->property("b")->min_items, 2U);
  EXPECT_EQ(schema->property("b")->items.at(0).format, TextFormat::glob);
  EXPECT_FALSE(schema->property("a")->is_required);
  EXPECT_EQ(schema->property("a")->minimum, 1.0);
  EXPECT_EQ(schema->property("a")->maximum, 5.0);
  EXPECT_EQ(schema->property("a")->allowed.size(), 3U);
  EXPECT_EQ(schema->property("a")->otherwise, json::value(3));
  EXPECT_EQ(schema->property("c")->type, OptionType::number);
  EXPECT_EQ(schema->property("d")->otherwise, json::value(true));
  EXPECT_FALSE(schema->property("e")->allows_others);
  EXPECT_EQ(schema->property("f"), nullptr);
}

TEST(ParseOptionSchema, OtherOptionsAreRefusedUnlessAllowed) {
  EXPECT_FALSE(parse(R"({"type":"object"})")->allows_others);
  EXPECT_FALSE(parse(R"({"type":"object","additionalProperties":false})")->allows_others);
}

struct BadSchema {
  const char* property;
  const char* message;
};

class ParseBadSchema : public testing::TestWithParam<BadSchema> {};

TEST_P(ParseBadSchema, SaysWhereAndWhat) {
  const auto schema = parse_property(GetParam().property);
  ASSERT_FALSE(schema) << GetParam().property;
  EXPECT_EQ(schema.error().code(), Error::Code::data);
  EXPECT_EQ(schema.error().message(), std::string("properties.x") + GetParam().message);
}

constexpr BadSchema kBad[] = {
    {R"(7)", ": must be a schema"},
    {R"({})", ": needs a 'type' that is text"},
    {R"({"type":["string","null"]})", ": needs a 'type' that is text"},
    {R"({"type":"text"})", ": unknown type 'text'"},
    {R"({"type":"null"})", ": unknown type 'null'"},
    {R"({"type":"integer","minimun":1})",
     ": unknown keyword 'minimun' for type integer (did you mean 'minimum'?)"},
    {R"({"type":"string","pattern":"x"})", ": unknown keyword 'pattern' for type string"},
    {R"({"type":"string","minimum":1})", ": unknown keyword 'minimum' for type string"},
    {R"({"type":"boolean","enum":[true]})", ": unknown keyword 'enum' for type boolean"},
    {R"({"type":"string","$ref":"#/x"})", ": unknown keyword '$ref' for type string"},
    {R"({"type":"string","description":7})", ": 'description' must be text"},
    {R"({"type":"string","enum":"a"})", ": 'enum' must be an array that is not empty"},
    {R"({"type":"string","enum":[]})", ": 'enum' must be an array that is not empty"},
    {R"({"type":"string","enum":["a",1]})", ": 'enum' has a value of another type"},
    {R"({"type":"string","format":"uri"})", ": 'format' must be path, duration, glob or regex"},
    {R"({"type":"string","format":7})", ": 'format' must be path, duration, glob or regex"},
    {R"({"type":"integer","minimum":"1"})", ": 'minimum' must be a number"},
    {R"({"type":"number","maximum":null})", ": 'maximum' must be a number"},
    {R"({"type":"array"})", ": an array needs 'items', a schema"},
    {R"({"type":"array","items":[]})", ": an array needs 'items', a schema"},
    {R"({"type":"array","items":{"type":"text"}})", ".items: unknown type 'text'"},
    {R"({"type":"array","items":{"type":"string"},"minItems":-1})",
     ": 'minItems' must be a whole number"},
    {R"({"type":"array","items":{"type":"string"},"minItems":1.5})",
     ": 'minItems' must be a whole number"},
    {R"({"type":"object","properties":[]})", ": 'properties' must be an object"},
    {R"({"type":"object","properties":{"y":{"type":"text"}}})",
     ".properties.y: unknown type 'text'"},
    {R"({"type":"object","required":"y"})", ": 'required' must be an array"},
    {R"({"type":"object","required":["y"]})", ": 'required' names what 'properties' lacks"},
    {R"({"type":"object","properties":{"y":{"type":"string"}},"required":[1]})",
     ": 'required' names what 'properties' lacks"},
    {R"({"type":"object","additionalProperties":{"type":"string"}})",
     ": 'additionalProperties' must be true or false"},
    {R"({"type":"integer","default":"1"})", ": option 'default' must be an integer, not a string"},
    {R"({"type":"integer","default":1.5})", ": option 'default' must be an integer, not a number"},
    {R"({"type":"integer","minimum":2,"default":1})", ": option 'default' must be at least 2"},
    {R"({"type":"string","enum":["a"],"default":"b"})", ": option 'default' must be one of \"a\""},
    {R"({"type":"string","format":"duration","default":"soon"})",
     ": option 'default' is wrong: 'soon' is not a duration such as 90s, 15m, 6h, 28d or "
     "1h30m"},
    {R"({"type":"boolean","default":null})", ": option 'default' must be a boolean, not null"},
    {R"({"type":"array","items":{"type":"string"},"minItems":1,"default":[]})",
     ": option 'default' must hold at least 1 value"},
};
INSTANTIATE_TEST_SUITE_P(Table, ParseBadSchema, testing::ValuesIn(kBad));

TEST(ParseOptionSchema, TheTopMustBeAnObject) {
  const auto schema = parse(R"({"type":"string"})");
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().message(), "the top must have the type object");
}

TEST(ParseOptionSchema, AnErrorAtTheTopHasNoPlace) {
  const auto schema = parse(R"({"type":"object","propertis":{}})");
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().message(),
            "unknown keyword 'propertis' for type object (did you mean 'properties'?)");
}

}  // namespace
}  // namespace baselined::config
