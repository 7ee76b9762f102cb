#include "daemon/records/values.h"

#include <gtest/gtest.h>

namespace baselined::records {
namespace {

const std::string oid(40, 'a');
const std::string other = std::string(39, '0') + "F";
const std::string oid_bytes(20, '\xaa');
const std::string other_bytes = std::string(19, '\0') + "\x0f";

TEST(OidToBytes, TakesFortyDigitsOnly) {
  std::string out;
  EXPECT_TRUE(oid_to_bytes(oid, out));
  EXPECT_EQ(out, oid_bytes);
  EXPECT_TRUE(oid_to_bytes(other, out));
  EXPECT_EQ(out, other_bytes);
  EXPECT_FALSE(oid_to_bytes("", out));
  EXPECT_FALSE(oid_to_bytes(oid.substr(1), out));
  EXPECT_FALSE(oid_to_bytes(oid + "a", out));
  EXPECT_FALSE(oid_to_bytes(oid.substr(1) + "g", out));
  EXPECT_FALSE(oid_to_bytes("x" + oid.substr(1), out));
}

TEST(OidListToBytes, TakesJsonArraysOfOids) {
  struct Case {
    std::string text;
    std::string bytes;
  };
  for (const Case& good : {
           Case{"[]", ""},
           Case{" [ ] ", ""},
           Case{"[\"" + oid + "\"]", oid_bytes},
           Case{"[\"" + oid + "\",\"" + other + "\"]", oid_bytes + other_bytes},
           Case{"\n[ \"" + oid + "\" ,\t\"" + other + "\" ]", oid_bytes + other_bytes},
       }) {
    SCOPED_TRACE(good.text);
    std::string out = "left over";
    EXPECT_TRUE(oid_list_to_bytes(good.text, out));
    EXPECT_EQ(out, good.bytes);
  }
}

TEST(OidListToBytes, RefusesAllElse) {
  const std::string quoted = "\"" + oid + "\"";
  for (const std::string& bad :
       {std::string(), std::string("["), std::string("]"), std::string("[,]"), "[" + quoted,
        "[" + quoted + ",]", "[," + quoted + "]", "[" + quoted + quoted + "]", "[" + oid + "]",
        "[\"" + oid + "]", "[\"" + oid + "a\"]", "[\"" + oid.substr(1) + "\"]", "[" + quoted + "]x",
        "{" + quoted + "}", "[[" + quoted + "]]", "[\"" + oid + " \"]", std::string("[null]"),
        "[" + quoted + "][]"}) {
    SCOPED_TRACE(bad);
    std::string out;
    EXPECT_FALSE(oid_list_to_bytes(bad, out));
  }
}

TEST(TextListToJson, HasOneForm) {
  std::string out;
  EXPECT_TRUE(text_list_to_json("[]", out));
  EXPECT_EQ(out, "[]");
  EXPECT_TRUE(text_list_to_json(" [ \"a\" , \"\\u0062\" ] ", out));
  EXPECT_EQ(out, R"(["a","b"])");
  EXPECT_TRUE(text_list_to_json(R"(["\"","\/"])", out));
  EXPECT_EQ(out, R"(["\"","/"])");
}

TEST(TextListToJson, RefusesAllElse) {
  for (const std::string_view bad : {"", "{}", "null", "\"a\"", "[1]", "[\"a\",null]", "[[\"a\"]]",
                                     "[\"a\"", "[\"a\"]]", "[\"\xff\"]"}) {
    SCOPED_TRACE(bad);
    std::string out;
    EXPECT_FALSE(text_list_to_json(bad, out));
  }
}

TEST(DecimalToCanonical, HasOneForm) {
  struct Case {
    std::string_view text;
    std::string_view canonical;
  };
  for (const Case& good : {
           Case{"0", "0"},
           Case{"-0", "0"},
           Case{"-0.000", "0"},
           Case{"00", "0"},
           Case{"007", "7"},
           Case{"1.50", "1.5"},
           Case{"1.0", "1"},
           Case{"-12.3400", "-12.34"},
           Case{"0.01", "0.01"},
           Case{"100", "100"},
           Case{"12345678901234567890.12345678901", "12345678901234567890.12345678901"},
       }) {
    SCOPED_TRACE(good.text);
    std::string out;
    EXPECT_TRUE(decimal_to_canonical(good.text, out));
    EXPECT_EQ(out, good.canonical);
  }
}

TEST(DecimalToCanonical, RefusesAllElse) {
  for (const std::string_view bad : {"", "-", ".", ".5", "5.", "+1", "1e3", "1,5", " 1", "1 ",
                                     "1.2.3", "--1", "NaN", "0x1", "1.-2"}) {
    SCOPED_TRACE(bad);
    std::string out;
    EXPECT_FALSE(decimal_to_canonical(bad, out));
  }
}

}  // namespace
}  // namespace baselined::records
