// One value of a record on its way from a plugin to the store: 16 bytes, never owns its text.
//
// Ownership: text points into a buffer of whoever made the cell; a cell lives no longer than that.
// Types are those of bl_type in sdk/include/baselined/plugin.h, with the same numbers.
// Threads: a plain value.
#pragma once

#include <cstdint>
#include <string_view>

namespace baselined {

enum class CellType : std::uint8_t {
  null = 0,
  boolean = 1,
  integer = 2,
  real = 3,
  text = 4,
  bytes = 5,
  time = 6,     // int64 microseconds since 1970, UTC
  decimal = 7,  // text, canonical "-?[0-9]+(.[0-9]+)?"
};

struct Cell {
  CellType type = CellType::null;
  std::uint32_t size = 0;  // bytes at `data`, for text, bytes and decimal
  union {
    std::int64_t integer = 0;  // boolean (0 or 1), integer, time
    double real;
    const char* data;
  };

  static Cell of_integer(std::int64_t value, CellType type = CellType::integer) {
    Cell cell;
    cell.type = type;
    cell.integer = value;
    return cell;
  }
  static Cell of_real(double value) {
    Cell cell;
    cell.type = CellType::real;
    cell.real = value;
    return cell;
  }
  static Cell of_text(std::string_view value, CellType type = CellType::text) {
    Cell cell;
    cell.type = type;
    cell.size = static_cast<std::uint32_t>(value.size());
    cell.data = value.data();
    return cell;
  }

  bool is_null() const { return type == CellType::null; }
  bool holds_text() const {
    return type == CellType::text || type == CellType::bytes || type == CellType::decimal;
  }
  // Only for text, bytes and decimal.
  std::string_view text() const { return {data, size}; }
};

static_assert(sizeof(Cell) == 16);

}  // namespace baselined
