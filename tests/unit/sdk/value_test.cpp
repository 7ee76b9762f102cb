#include <gtest/gtest.h>
#include <baselined/plugin.hpp>

namespace baselined {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string_view text_of(const Value& value) { return {value.cell().u.text, value.cell().len}; }

TEST(Value, IntegersOfEveryTypeAreIntegers) {
  EXPECT_EQ(Value(-1).cell().type, BL_INT);
  EXPECT_EQ(Value(-1).cell().u.i, -1);
  EXPECT_EQ(Value(std::uint32_t{0xFFFFFFFF}).cell().u.i, 0xFFFFFFFF);
  EXPECT_EQ(Value(std::int64_t{INT64_MIN}).cell().u.i, INT64_MIN);
  EXPECT_EQ(Value(std::uint8_t{200}).cell().u.i, 200);
}

TEST(Value, ABooleanIsNoInteger) {
  EXPECT_EQ(Value(true).cell().type, BL_BOOL);
  EXPECT_EQ(Value(true).cell().u.i, 1);
  EXPECT_EQ(Value(false).cell().u.i, 0);
}

TEST(Value, APointerIsNoBoolean) {
  EXPECT_FALSE((std::is_constructible_v<Value, const unsigned char*>));
  EXPECT_FALSE((std::is_constructible_v<Value, void*>));
  EXPECT_FALSE((std::is_constructible_v<Value, std::uint64_t>));
}

TEST(Value, TextIsBorrowed) {
  const std::string text = "text";
  EXPECT_EQ(Value(text).cell().type, BL_TEXT);
  EXPECT_EQ(Value(text).cell().u.text, text.data());
  EXPECT_EQ(text_of(Value("literal")), "literal");
  EXPECT_EQ(text_of(Value("a\0b"sv)), "a\0b"sv);
}

TEST(Value, WrappersGiveTheTypeTheyName) {
  EXPECT_EQ(Value(Time{5}).cell().type, BL_TIME);
  EXPECT_EQ(Value(Time{5}).cell().u.i, 5);
  EXPECT_EQ(Value(Decimal{"1.50"}).cell().type, BL_DECIMAL);
  EXPECT_EQ(text_of(Value(Decimal{"1.50"})), "1.50");
  EXPECT_EQ(Value(Bytes{"\xFF"}).cell().type, BL_BYTES);
  EXPECT_EQ(Value(1.5).cell().type, BL_FLOAT);
  EXPECT_EQ(Value(1.5).cell().u.f, 1.5);
}

TEST(Value, NothingIsNull) {
  EXPECT_EQ(Value().cell().type, BL_NULL);
  EXPECT_EQ(Value(nullptr).cell().type, BL_NULL);
  EXPECT_EQ(Value(std::nullopt).cell().type, BL_NULL);
  EXPECT_EQ(Value(std::optional<std::string>()).cell().type, BL_NULL);
  EXPECT_EQ(Value(std::optional<Time>()).cell().type, BL_NULL);
}

TEST(Value, AnOptionalIsItsValue) {
  const std::optional<std::string> text = "text";
  EXPECT_EQ(text_of(Value(text)), "text");
  EXPECT_EQ(Value(std::optional<bool>(false)).cell().type, BL_BOOL);
  EXPECT_EQ(Value(std::optional<int>(3)).cell().u.i, 3);
}

TEST(Value, AllUnusedBytesAreZero) {
  const Value value(Time{1});
  EXPECT_EQ(value.cell().reserved0, 0);
  EXPECT_EQ(value.cell().reserved1, 0);
  EXPECT_EQ(value.cell().len, 0U);
}

}  // namespace
}  // namespace baselined
