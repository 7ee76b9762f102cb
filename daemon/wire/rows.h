// Rows of a stream as one payload (frames `rows` and `remove`): the hot path, no allocation per
// cell.
//
//   RowsWriter writer(stream, n_columns);          RowsReader reader;
//   writer.add(cells);                             BL_TRY(reader, RowsReader::open(payload));
//   if (writer.size() > kRowsFlushBytes) flush     while (true) { BL_TRY(more, reader.next()) ... }
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
// Full enough to be sent.
constexpr std::size_t kRowsFlushBytes = std::size_t{64} << 10U;

class RowsWriter {
 public:
  RowsWriter(std::uint32_t stream, std::uint32_t n_columns);
  // Errors: limit for a row that is too large, data for a number that is not finite.
  Status add(std::span<const Cell> row);
  std::uint32_t rows() const { return rows_; }
  std::size_t size() const;
  // The payload of what was added; starts again empty.
  std::string take();

 private:
  std::uint32_t stream_;
  std::uint32_t n_columns_;
  std::uint32_t rows_ = 0;
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
