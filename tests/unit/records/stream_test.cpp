#include "daemon/records/stream.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/records/thing_contract.h"

namespace baselined::records {
namespace {

TEST(StreamMapping, MapsColumnsToFieldsInAnyOrder) {
  const Result<StreamMapping> mapping =
      StreamMapping::create(thing::contracts(), thing::stream_of({"amount", "sha", "place"}));
  ASSERT_TRUE(mapping) << mapping.error().message();
  EXPECT_EQ(mapping->contract().id, "thing/1");
  EXPECT_EQ(mapping->stream().name, "things");
  EXPECT_EQ(mapping->column_of_field()[thing::kPlace], 2U);
  EXPECT_EQ(mapping->column_of_field()[thing::kShaField], 1U);
  EXPECT_EQ(mapping->column_of_field()[thing::kAmount], 0U);
  EXPECT_EQ(mapping->column_of_field()[thing::kKind], std::nullopt);
}

TEST(StreamMapping, KeyFieldsFollowTheOrderOfTheStream) {
  const Result<StreamMapping> mapping =
      StreamMapping::create(thing::contracts(), thing::stream_of({"sha", "place"}));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->key_fields(), (std::vector<std::size_t>{thing::kShaField, thing::kPlace}));
}

struct BadStream {
  std::string_view what;
  std::function<void(StreamDescription&)> spoil;
  std::string_view message;  // a part of it
};

class StreamMappingRefuses : public testing::TestWithParam<BadStream> {};

TEST_P(StreamMappingRefuses, WithStreamAndColumn) {
  StreamDescription stream = thing::stream();
  GetParam().spoil(stream);
  const Result<StreamMapping> mapping = StreamMapping::create(thing::contracts(), stream);
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().code(), Error::Code::config);
  EXPECT_NE(mapping.error().message().find("stream things: "), std::string::npos);
  EXPECT_NE(mapping.error().message().find(GetParam().message), std::string::npos)
      << mapping.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, StreamMappingRefuses,
    testing::Values(
        BadStream{"UnknownContract", [](auto& stream) { stream.contract = "thing/9"; },
                  "\"thing/9\""},
        BadStream{"UnknownField", [](auto& stream) { stream.columns[4].name = "colour"; },
                  "colour"},
        BadStream{"WrongType", [](auto& stream) { stream.columns[6].type = CellType::text; },
                  "amount declares type text where int is needed"},
        BadStream{"ColumnTwice", [](auto& stream) { stream.columns.push_back(stream.columns[6]); },
                  "amount is there twice"},
        BadStream{"KeyMissing", [](auto& stream) { stream.columns.erase(stream.columns.begin()); },
                  "place is missing"},
        BadStream{"KeyNotDeclared", [](auto& stream) { stream.columns[0].key = false; },
                  "place must be declared as a key"},
        BadStream{"KeyTooMuch", [](auto& stream) { stream.columns[6].key = true; },
                  "amount is declared as a key"},
        BadStream{"PersonNotDeclared", [](auto& stream) { stream.columns[5].personal = false; },
                  "owner must be declared as personal"},
        BadStream{"PersonTooMuch", [](auto& stream) { stream.columns[4].personal = true; },
                  "kind is declared as personal"},
        BadStream{"NoColumns", [](auto& stream) { stream.columns.clear(); }, "place is missing"}),
    [](const auto& test) { return std::string(test.param.what); });

}  // namespace
}  // namespace baselined::records
