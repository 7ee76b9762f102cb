#include "daemon/wire/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "daemon/wire/frame.h"
#include "tests/unit/wire/damage.h"

namespace baselined::wire {
namespace {

using Row = std::vector<Cell>;
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

bool same(const Cell& left, const Cell& right) {
  if (left.type != right.type) {
    return false;
  }
  if (left.holds_text()) {
    return left.text() == right.text();
  }
  if (left.type == CellType::real) {
    return std::bit_cast<std::uint64_t>(left.real) == std::bit_cast<std::uint64_t>(right.real);
  }
  return left.is_null() || left.integer == right.integer;
}

std::string encode_rows(std::uint32_t stream, const std::vector<Row>& rows) {
  RowsWriter writer(stream, static_cast<std::uint32_t>(rows.at(0).size()));
  for (const Row& row : rows) {
    const Status added = writer.add(row);
    EXPECT_TRUE(added);
  }
  return writer.take();
}

// Reads everything, each byte of text too: a view outside the payload is then caught by the address
// sanitizer. The number of rows, or what is wrong.
Result<std::size_t> read_all(std::string_view payload) {
  BL_TRY(RowsReader reader, RowsReader::open(payload));
  std::size_t rows = 0;
  std::size_t zeros = 0;
  while (true) {
    BL_TRY(const std::span<const Cell> row, reader.next());
    if (row.empty()) {
      EXPECT_LE(zeros, payload.size());
      return rows;
    }
    for (const Cell& cell : row) {
      const std::string_view text = cell.holds_text() ? cell.text() : std::string_view();
      zeros += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\0'));
    }
    ++rows;
  }
}

void expect_round_trip(const std::vector<Row>& rows) {
  const std::string payload = encode_rows(3, rows);
  auto reader = RowsReader::open(payload);
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ(reader->stream(), 3U);
  ASSERT_EQ(reader->columns(), rows[0].size());
  ASSERT_EQ(reader->rows(), rows.size());
  for (const Row& expected : rows) {
    const auto row = reader->next();
    ASSERT_TRUE(row) << row.error().message();
    ASSERT_EQ(row->size(), expected.size());
    for (std::size_t column = 0; column < expected.size(); ++column) {
      EXPECT_TRUE(same((*row)[column], expected[column])) << column;
    }
  }
  const auto end = reader->next();
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->empty());
}

Row sample_row() {
  return {Cell(),
          Cell::of_integer(1, CellType::boolean),
          Cell::of_integer(0, CellType::boolean),
          Cell::of_integer(-300),
          Cell::of_real(0.1),
          Cell::of_text("text"),
          Cell::of_text(std::string_view("\0\xFF", 2), CellType::bytes),
          Cell::of_integer(1'772'352'000'000'000, CellType::time),
          Cell::of_text("-12.50", CellType::decimal)};
}

TEST(Rows, EveryTypeComesBack) { expect_round_trip({sample_row(), sample_row()}); }

TEST(Rows, IntegersOfEveryWidthComeBack) {
  for (const std::int64_t edge : {0L, 23L, 24L, 255L, 256L, 65535L, 65536L, 4294967295L,
                                  4294967296L, kHighest, kLowest, kLowest + 1}) {
    SCOPED_TRACE(edge);
    expect_round_trip({{Cell::of_integer(edge), Cell::of_integer(edge, CellType::time),
                        Cell::of_integer(~edge), Cell::of_integer(~edge, CellType::time)}});
  }
}

TEST(Rows, TextOfEveryWidthComesBack) {
  for (const std::size_t size : {0U, 1U, 23U, 24U, 255U, 256U, 65535U, 65536U, 500'000U}) {
    SCOPED_TRACE(size);
    const std::string text(size, 'x');
    expect_round_trip({{Cell::of_text(text), Cell::of_integer(5)}});
  }
}

Cell random_cell(std::mt19937_64& random, std::string_view text) {
  const auto type = static_cast<CellType>(random() % 8);
  const auto number = static_cast<std::int64_t>(random()) >> (random() % 64);
  switch (type) {
    case CellType::null:
      return {};
    case CellType::boolean:
      return Cell::of_integer(number & 1, type);
    case CellType::real:
      return Cell::of_real(std::ldexp(static_cast<double>(number), -20));
    case CellType::integer:
    case CellType::time:
      return Cell::of_integer(number, type);
    default:
      return Cell::of_text(text, type);
  }
}

TEST(Rows, RandomRowsComeBack) {
  std::mt19937_64 random(20260322);
  for (int round = 0; round < 200; ++round) {
    const std::string text(random() % 300, static_cast<char>(random()));
    std::vector<Row> rows(1 + random() % 20, Row(1 + random() % 12));
    for (Row& row : rows) {
      for (Cell& cell : row) {
        cell = random_cell(random, text);
      }
    }
    expect_round_trip(rows);
  }
}

TEST(Rows, SpecialDoublesThatAreFiniteComeBack) {
  expect_round_trip({{Cell::of_real(-0.0), Cell::of_real(std::numeric_limits<double>::denorm_min()),
                      Cell::of_real(std::numeric_limits<double>::max())}});
}

TEST(RowsWriter, NumbersThatAreNotFiniteAreDataErrorsAndLeaveNoTrace) {
  RowsWriter writer(0, 2);
  for (const double number : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    const Status added = writer.add(Row{Cell::of_integer(1), Cell::of_real(number)});
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code(), Error::Code::data);
  }
  EXPECT_EQ(writer.rows(), 0U);
  const auto rows = read_all(writer.take());
  ASSERT_TRUE(rows);
  EXPECT_EQ(*rows, 0U);
}

TEST(RowsWriter, ARowThatIsTooLargeIsALimitError) {
  const std::string text(kMaxRowBytes, 'x');
  RowsWriter writer(0, 1);
  const Status added = writer.add(Row{Cell::of_text(text)});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code(), Error::Code::limit);
  EXPECT_TRUE(writer.add(Row{Cell::of_text(std::string_view(text).substr(100))}));
}

TEST(RowsWriter, FlushingWhenItSaysSoKeepsFramesBelowTheLimit) {
  const std::string text(kMaxRowBytes - 100, 'x');
  RowsWriter writer(0, 1);
  while (writer.size() <= kRowsFlushBytes - 10) {
    ASSERT_TRUE(writer.add(Row{Cell::of_text("eight by")}));
  }
  ASSERT_TRUE(writer.add(Row{Cell::of_text(text)}));
  EXPECT_LE(writer.take().size(), kMaxPayloadBytes);
}

TEST(RowsWriter, TakeStartsAgainEmpty) {
  RowsWriter writer(7, 1);
  ASSERT_TRUE(writer.add(Row{Cell::of_integer(1)}));
  const std::string first = writer.take();
  EXPECT_EQ(writer.rows(), 0U);
  ASSERT_TRUE(writer.add(Row{Cell::of_integer(2)}));
  const std::string second = writer.take();
  auto reader = RowsReader::open(second);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->rows(), 1U);
  EXPECT_EQ(reader->next()->front().integer, 2);
  EXPECT_EQ(first.size(), second.size());
}

TEST(RowsReader, EveryTruncationIsAnError) {
  const std::string payload = encode_rows(0, {sample_row(), sample_row()});
  for_each_truncation(payload, [](std::string_view bytes) { EXPECT_FALSE(read_all(bytes)); });
}

TEST(RowsReader, EveryChangedByteIsAValueOrAnError) {
  std::size_t errors = 0;
  const std::string payload = encode_rows(0, {sample_row(), sample_row()});
  for_each_changed_byte(payload,
                        [&](std::string_view bytes) { errors += read_all(bytes) ? 0U : 1U; });
  EXPECT_GT(errors, payload.size());
}

TEST(RowsReader, BytesAfterTheLastRowAreAnError) {
  EXPECT_FALSE(read_all(encode_rows(0, {sample_row()}) + '\0'));
}

TEST(RowsReader, CountsThatLieAreRefusedBeforeTheyCostMemory) {
  const std::string front("\x9A\xFF\xFF\xFF\xFF\x00", 6);
  EXPECT_FALSE(RowsReader::open(front + std::string("\x18\x18\x1A\xFF\xFF\xFF\xFF", 7)));
  EXPECT_FALSE(RowsReader::open(front + std::string("\x1A\xFF\xFF\xFF\xFF\x01\xF6", 7)));
  EXPECT_FALSE(RowsReader::open(std::string("\x83\x00\x00\x00", 4)));  // no columns
}

TEST(RowsReader, NumbersThatAreNotFiniteAreRefused) {
  const std::string front("\x84\x00\x01\x01\xFB", 5);
  EXPECT_TRUE(read_all(front + std::string("\x3F\xF0\0\0\0\0\0\0", 8)));
  EXPECT_FALSE(read_all(front + std::string("\x7F\xF0\0\0\0\0\0\0", 8)));
  EXPECT_FALSE(read_all(front + std::string("\x7F\xF8\0\0\0\0\0\0", 8)));
}

TEST(RowsReader, IntegersOutsideOfInt64AreRefused) {
  const std::string front("\x84\x00\x01\x01", 4);
  EXPECT_TRUE(read_all(front + "\x3B\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
  EXPECT_FALSE(read_all(front + "\x3B\x80\x01\x01\x01\x01\x01\x01\x01"));
  EXPECT_FALSE(read_all(front + "\x1B\x80\x01\x01\x01\x01\x01\x01\x01"));
}

TEST(RowsReader, WhatTheSubsetDoesNotHaveIsRefused) {
  const std::string front("\x84\x00\x01\x01", 4);
  ASSERT_TRUE(read_all(front + "\x05"));
  // A map, an array, an indefinite text, undefined, a half float, another tag, a tag on nothing.
  for (const std::string_view cell :
       {std::string_view("\xA0"), std::string_view("\x80"), std::string_view("\x7F\xFF"),
        std::string_view("\xF7"), std::string_view("\xF9\x3C\x00", 3), std::string_view("\xC1\x05"),
        std::string_view("\xD9\x0F\xA1")}) {
    EXPECT_FALSE(read_all(front + std::string(cell))) << ::testing::PrintToString(cell);
  }
}

}  // namespace
}  // namespace baselined::wire
