#include "daemon/records/normaliser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/records/thing_contract.h"

namespace baselined::records {
namespace {

StreamMapping mapping_of(const StreamDescription& stream) {
  return *StreamMapping::create(thing::contracts(), stream);
}

Pseudonymiser test_persons() { return {"a key of the tests", "test"}; }

TEST(Normaliser, TurnsARowIntoFields) {
  const StreamMapping mapping = mapping_of(thing::stream());
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  const Result<std::span<const Cell>> fields = normaliser.row(thing::row());
  ASSERT_TRUE(fields) << fields.error().message();
  EXPECT_EQ((*fields)[thing::kPlace].text(), "attic");
  EXPECT_EQ((*fields)[thing::kShaField].type, CellType::bytes);
  EXPECT_EQ((*fields)[thing::kShaField].text(), thing::kShaBytes);
  EXPECT_EQ((*fields)[thing::kParents].type, CellType::bytes);
  EXPECT_EQ((*fields)[thing::kParents].text(), "");
  EXPECT_EQ((*fields)[thing::kLabels].text(), "[\"a\"]");
  EXPECT_EQ((*fields)[thing::kAmount].integer, 3);
  EXPECT_EQ((*fields)[thing::kShare].real, 0.5);
  EXPECT_EQ((*fields)[thing::kPrice].text(), "1.5");
  EXPECT_EQ((*fields)[thing::kOwner].text(), test_persons().pseudonym("ann@example.com"));
}

TEST(Normaliser, FieldsWithoutAColumnAreNull) {
  const StreamMapping mapping = mapping_of(thing::stream_of({"amount", "sha", "place"}));
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  const std::vector<Cell> row{Cell::of_integer(3), Cell::of_text(thing::kSha),
                              Cell::of_text("attic")};
  const Result<std::span<const Cell>> fields = normaliser.row(row);
  ASSERT_TRUE(fields) << fields.error().message();
  EXPECT_EQ((*fields)[thing::kPlace].text(), "attic");
  EXPECT_EQ((*fields)[thing::kAmount].integer, 3);
  EXPECT_TRUE((*fields)[thing::kKind].is_null());
  EXPECT_TRUE((*fields)[thing::kOwner].is_null());
}

TEST(Normaliser, NullStaysNullWhereTheFieldIsOptional) {
  const StreamMapping mapping = mapping_of(thing::stream());
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  std::vector<Cell> row = thing::row();
  for (std::size_t i = thing::kParents; i < row.size(); ++i) {
    row[i] = Cell();
  }
  const Result<std::span<const Cell>> fields = normaliser.row(row);
  ASSERT_TRUE(fields) << fields.error().message();
  for (std::size_t i = thing::kParents; i < row.size(); ++i) {
    EXPECT_TRUE((*fields)[i].is_null()) << i;
  }
}

TEST(Normaliser, AnEmptyPersonIsNobody) {
  const StreamMapping mapping = mapping_of(thing::stream());
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  std::vector<Cell> row = thing::row();
  row[thing::kOwner] = Cell::of_text("");
  const Result<std::span<const Cell>> fields = normaliser.row(row);
  ASSERT_TRUE(fields) << fields.error().message();
  EXPECT_TRUE((*fields)[thing::kOwner].is_null());
}

TEST(Normaliser, AColumnThatPromisesAValueIsHeldToIt) {
  StreamDescription stream = thing::stream();
  stream.columns[thing::kAmount].required = true;
  const StreamMapping mapping = mapping_of(stream);
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  std::vector<Cell> row = thing::row();
  row[thing::kAmount] = Cell();
  EXPECT_FALSE(normaliser.row(row));
}

TEST(Normaliser, KeyHasOnlyTheKeyFields) {
  const StreamMapping mapping = mapping_of(thing::stream_of({"sha", "amount", "place"}));
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  const std::vector<Cell> row{Cell::of_text(thing::kSha), Cell::of_integer(3),
                              Cell::of_text("attic")};
  ASSERT_TRUE(normaliser.row(row));
  const std::vector<Cell> key{Cell::of_text(thing::kSha), Cell::of_text("cellar")};
  const Result<std::span<const Cell>> fields = normaliser.key(key);
  ASSERT_TRUE(fields) << fields.error().message();
  EXPECT_EQ((*fields)[thing::kPlace].text(), "cellar");
  EXPECT_EQ((*fields)[thing::kShaField].text(), thing::kShaBytes);
  EXPECT_TRUE((*fields)[thing::kAmount].is_null());
}

TEST(Normaliser, RefusesAKeyThatIsNotWhole) {
  const StreamMapping mapping = mapping_of(thing::stream());
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  const std::vector<Cell> short_key{Cell::of_text("attic")};
  EXPECT_FALSE(normaliser.key(short_key));
  const std::vector<Cell> null_key{Cell::of_text("attic"), Cell()};
  EXPECT_FALSE(normaliser.key(null_key));
}

TEST(Normaliser, RefusesARowWithAnotherNumberOfCells) {
  const StreamMapping mapping = mapping_of(thing::stream());
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  std::vector<Cell> row = thing::row();
  row.pop_back();
  const Result<std::span<const Cell>> fields = normaliser.row(row);
  ASSERT_FALSE(fields);
  EXPECT_EQ(fields.error().code(), Error::Code::data);
}

TEST(Normaliser, GoesOnAfterARefusedRow) {
  const StreamMapping mapping = mapping_of(thing::stream());
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  std::vector<Cell> row = thing::row();
  row[thing::kKind] = Cell::of_text("oval");
  EXPECT_FALSE(normaliser.row(row));
  EXPECT_TRUE(normaliser.row(thing::row()));
}

struct BadCell {
  std::string_view what;
  std::size_t column;
  Cell cell;
  std::string_view message;  // a part of it
};

class NormaliserRefuses : public testing::TestWithParam<BadCell> {};

TEST_P(NormaliserRefuses, NamingStreamColumnAndReasonButNotTheValue) {
  const BadCell& bad = GetParam();
  const StreamMapping mapping = mapping_of(thing::stream());
  Pseudonymiser persons = test_persons();
  Normaliser normaliser(mapping, persons);
  std::vector<Cell> row = thing::row();
  row[bad.column] = bad.cell;
  const Result<std::span<const Cell>> fields = normaliser.row(row);
  ASSERT_FALSE(fields);
  EXPECT_EQ(fields.error().code(), Error::Code::data);
  const std::string& message = fields.error().message();
  EXPECT_EQ(message, "stream things: column " + mapping.stream().columns[bad.column].name + " " +
                         std::string(bad.message));
}

INSTANTIATE_TEST_SUITE_P(
    Cells, NormaliserRefuses,
    testing::Values(
        BadCell{"NullKey", thing::kPlace, Cell(), "is required, but null"},
        BadCell{"TextForInteger", thing::kAmount, Cell::of_text("secret"),
                "has a value of another type than declared"},
        BadCell{"BytesForText", thing::kPlace, Cell::of_text("secret", CellType::bytes),
                "has a value of another type than declared"},
        BadCell{"ShortOid", thing::kShaField, Cell::of_text("abc"),
                "is not an object id of 40 hexadecimal digits"},
        BadCell{"OidWithAnotherLetter", thing::kShaField,
                Cell::of_text("g123456789abcdef0123456789abcdef01234567"),
                "is not an object id of 40 hexadecimal digits"},
        BadCell{"OidListNoJson", thing::kParents, Cell::of_text("secret"),
                "is not a JSON array of object ids"},
        BadCell{"TextListOfNumbers", thing::kLabels, Cell::of_text("[1]"),
                "is not a JSON array of texts"},
        BadCell{"NotAllowed", thing::kKind, Cell::of_text("secret"),
                "is not one of the allowed values"},
        BadCell{"NoUtf8", thing::kPlace, Cell::of_text("a\xff"), "is not valid UTF-8"},
        BadCell{"PersonNoUtf8", thing::kOwner, Cell::of_text("a\xff"), "is not valid UTF-8"},
        BadCell{"NotANumber", thing::kShare, Cell::of_real(std::nan("")), "is not a finite number"},
        BadCell{"Infinite", thing::kShare, Cell::of_real(-std::numeric_limits<double>::infinity()),
                "is not a finite number"},
        BadCell{"BooleanTwo", thing::kDone, Cell::of_integer(2, CellType::boolean),
                "is a boolean but not 0 or 1"},
        BadCell{"DecimalWithExponent", thing::kPrice, Cell::of_text("1e3", CellType::decimal),
                "is not a decimal number"}),
    [](const auto& test) { return std::string(test.param.what); });

}  // namespace
}  // namespace baselined::records
