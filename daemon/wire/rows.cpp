// A rows payload is [stream, n_columns, n_rows, cell, cell, ...]. The four heads at the front have
// a fixed width, so that the writer can patch them when it knows the number of rows.
#include "daemon/wire/rows.h"

#include <cmath>
#include <utility>

#include "daemon/wire/cbor.h"

namespace baselined::wire {
namespace {

using cbor::Major;

constexpr std::size_t kFrontBytes = 20;
// Of one cell besides its text: a tag and a head.
constexpr std::size_t kCellOverhead = 3 + cbor::kMaxHeadBytes;

char* put_cell(char* out, const Cell& cell) {
  switch (cell.type) {
    case CellType::boolean:
      *out = static_cast<char>(cell.integer != 0 ? cbor::kTrue : cbor::kFalse);
      return out + 1;
    case CellType::integer:
      return cbor::put_integer(out, cell.integer);
    case CellType::real:
      return cbor::put_double(out, cell.real);
    case CellType::text:
      return cbor::put_text(out, Major::text, cell.text());
    case CellType::bytes:
      return cbor::put_text(out, Major::bytes, cell.text());
    case CellType::time:
      return cbor::put_integer(cbor::put_head(out, Major::tag, cbor::kTimeTag), cell.integer);
    case CellType::decimal:
      return cbor::put_text(cbor::put_head(out, Major::tag, cbor::kDecimalTag), Major::text,
                            cell.text());
    case CellType::null:
      break;
  }
  *out = static_cast<char>(cbor::kNull);
  return out + 1;
}

bool read_text_cell(cbor::Reader& reader, std::uint64_t size, CellType type, Cell& cell) {
  std::string_view text;
  if (!reader.take(size, text)) {
    return false;
  }
  cell = Cell::of_text(text, type);
  return true;
}

bool read_tagged_cell(cbor::Reader& reader, std::uint64_t tag, Cell& cell) {
  if (tag == cbor::kTimeTag) {
    cell.type = CellType::time;
    return reader.read_integer(cell.integer);
  }
  std::uint64_t size = 0;
  return tag == cbor::kDecimalTag && reader.read_head_of(Major::text, size) &&
         read_text_cell(reader, size, CellType::decimal, cell);
}

bool read_simple_cell(cbor::Reader& reader, std::uint8_t initial, Cell& cell) {
  switch (initial) {
    case cbor::kNull:
      cell = Cell();
      return true;
    case cbor::kFalse:
    case cbor::kTrue:
      cell = Cell::of_integer(initial == cbor::kTrue ? 1 : 0, CellType::boolean);
      return true;
    case cbor::kDouble:
      cell.type = CellType::real;
      return reader.read_double_body(cell.real);
    default:
      return false;
  }
}

bool read_cell(cbor::Reader& reader, Cell& cell) {
  std::uint8_t initial = 0;
  if (!reader.read_byte(initial)) {
    return false;
  }
  const auto major = static_cast<Major>(initial >> 5U);
  if (major == Major::simple) {
    return read_simple_cell(reader, initial, cell);
  }
  std::uint64_t argument = 0;
  if (!reader.read_argument(initial, argument)) {
    return false;
  }
  switch (major) {
    case Major::unsigned_integer:
    case Major::negative_integer:
      cell.type = CellType::integer;
      return cbor::Reader::to_integer(major, argument, cell.integer);
    case Major::text:
      return read_text_cell(reader, argument, CellType::text, cell);
    case Major::bytes:
      return read_text_cell(reader, argument, CellType::bytes, cell);
    case Major::tag:
      return read_tagged_cell(reader, argument, cell);
    default:
      return false;
  }
}

Error broken() { return {Error::Code::internal, "a rows frame that does not decode"}; }

}  // namespace

RowsWriter::RowsWriter(std::uint32_t stream, std::uint32_t n_columns)
    : stream_(stream), n_columns_(n_columns), used_(kFrontBytes) {
  BL_ASSERT(n_columns >= 1 && n_columns <= kMaxColumns);
}

Status RowsWriter::add(std::span<const Cell> row) {
  BL_ASSERT(row.size() == n_columns_);
  std::size_t needed = row.size() * kCellOverhead;
  for (const Cell& cell : row) {
    if (cell.holds_text()) {
      needed += cell.size;
    } else if (cell.type == CellType::real && !std::isfinite(cell.real)) {
      return Error(Error::Code::data, "a number that is not finite");
    }
  }
  if (needed > kMaxRowBytes) {
    return Error(Error::Code::limit, "a row of " + std::to_string(needed) + " bytes; at most " +
                                         std::to_string(kMaxRowBytes) + " are accepted");
  }
  if (used_ + needed > body_.size()) {
    // Room for a whole frame at once: resizing clears what it adds.
    body_.resize(used_ + needed + kRowsFlushBytes);
  }
  char* out = body_.data() + used_;
  for (const Cell& cell : row) {
    out = put_cell(out, cell);
  }
  used_ = static_cast<std::size_t>(out - body_.data());
  ++rows_;
  return {};
}

std::string RowsWriter::take() {
  body_.resize(used_);
  char* out = cbor::put_wide_head(body_.data(), Major::array, 3 + rows_ * n_columns_);
  out = cbor::put_wide_head(out, Major::unsigned_integer, stream_);
  out = cbor::put_wide_head(out, Major::unsigned_integer, n_columns_);
  cbor::put_wide_head(out, Major::unsigned_integer, rows_);
  rows_ = 0;
  used_ = kFrontBytes;
  return std::exchange(body_, std::string());
}

Result<RowsReader> RowsReader::open(std::string_view payload) {
  cbor::Reader reader(payload);
  std::uint64_t elements = 0;
  std::uint64_t stream = 0;
  std::uint64_t columns = 0;
  std::uint64_t rows = 0;
  if (!reader.read_head_of(Major::array, elements) ||
      !reader.read_head_of(Major::unsigned_integer, stream) ||
      !reader.read_head_of(Major::unsigned_integer, columns) ||
      !reader.read_head_of(Major::unsigned_integer, rows)) {
    return broken();
  }
  // A cell takes at least one byte, so this also bounds the memory that a lie can cost.
  if (stream > UINT32_MAX || columns < 1 || columns > kMaxColumns ||
      rows > reader.remaining() / columns || elements != 3 + rows * columns ||
      (rows == 0 && !reader.at_end())) {
    return broken();
  }
  RowsReader opened;
  opened.stream_ = static_cast<std::uint32_t>(stream);
  opened.n_columns_ = static_cast<std::uint32_t>(columns);
  opened.rows_ = static_cast<std::uint32_t>(rows);
  opened.rest_ = reader.rest();
  opened.cells_.resize(columns);
  return opened;
}

Result<std::span<const Cell>> RowsReader::next() {
  if (rows_read_ == rows_) {
    return std::span<const Cell>();
  }
  cbor::Reader reader(rest_);
  for (Cell& cell : cells_) {
    if (!read_cell(reader, cell)) {
      return broken();
    }
  }
  rest_ = reader.rest();
  ++rows_read_;
  if (rows_read_ == rows_ && !rest_.empty()) {
    return broken();
  }
  return std::span<const Cell>(cells_);
}

}  // namespace baselined::wire
