// Rows of a stream as one payload (frames `rows` and `remove`): the hot path, no allocation per
// cell.
//
//   RowsWriter writer(stream, n_columns);          RowsReader reader;
//   writer.add(cells);                             BL_TRY(reader, RowsReader::open(payload));
//   if (writer.size() > kRowsFlushBytes) flush     while (true) { BL_TRY(more, reader.next()) ... }
// Text is not checked for UTF-8 here: the normaliser does that once, and knows which column is
// wrong.
// Threads: values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/cell.h"
#include "daemon/base/result.h"

namespace baselined::wire {

// A row is at most this large once encoded; a larger one is refused with a limit error.
constexpr std::size_t kMaxRowBytes = std::size_t{512} << 10U;
// Of a stream; the worker refuses a plugin that declares more.
constexpr std::uint32_t kMaxColumns = 256;
// Full enough to be sent. A writer that is flushed once it is larger stays below kMaxPayloadBytes.
constexpr std::size_t kRowsFlushBytes = std::size_t{64} << 10U;

class RowsWriter {
 public:
  // n_columns is 1 to kMaxColumns, and every row has exactly as many cells.
  RowsWriter(std::uint32_t stream, std::uint32_t n_columns);
  // Errors: limit for a row that is too large, data for a number that is not finite.
  Status add(std::span<const Cell> row);
  std::uint32_t rows() const { return rows_; }
  std::size_t size() const { return used_; }
  // The payload of what was added; starts again empty.
  std::string take();

 private:
  std::uint32_t stream_;
  std::uint32_t n_columns_;
  std::uint32_t rows_ = 0;
  std::size_t used_;  // of body_, which is larger
  std::string body_;
};

class RowsReader {
 public:
  // The payload must outlive the reader: text cells point into it.
  static Result<RowsReader> open(std::string_view payload);
  std::uint32_t stream() const { return stream_; }
  std::uint32_t columns() const { return n_columns_; }
  std::uint32_t rows() const { return rows_; }
  // The next row, valid until the call after; empty at the end (then the payload was exactly read).
  // Errors: internal, a protocol violation.
  Result<std::span<const Cell>> next();

 private:
  RowsReader() = default;
  std::uint32_t stream_ = 0;
  std::uint32_t n_columns_ = 0;
  std::uint32_t rows_ = 0;
  std::uint32_t rows_read_ = 0;
  std::string_view rest_;
  std::vector<Cell> cells_;
};

}  // namespace baselined::wire
