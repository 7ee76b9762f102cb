#include "daemon/worker/row_cells.h"

#include <fmt/format.h>

#include <cmath>

#include "daemon/worker/descriptor.h"
#include "daemon/worker/manifest.h"

namespace baselined::worker {
namespace {

// What is wrong with a value; nothing when it fits.
std::string_view fault_of(const bl_value& value, const bl_column& column) {
  if (value.type == BL_NULL) {
    return (column.flags & BL_COL_REQUIRED) != 0 ? "null in a required column" : "";
  }
  if (value.type != column.type) {
    return "another type than declared";
  }
  switch (value.type) {
    case BL_BOOL:
      return value.u.i == 0 || value.u.i == 1 ? "" : "a boolean that is neither 0 nor 1";
    case BL_FLOAT:
      return std::isfinite(value.u.f) ? "" : "a number that is not finite";
    case BL_TEXT:
    case BL_BYTES:
    case BL_DECIMAL:
      return value.u.text != nullptr || value.len == 0 ? "" : "text at a null pointer";
    default:
      return "";
  }
}

Cell to_cell(const bl_value& value) {
  const auto type = static_cast<CellType>(value.type);
  switch (value.type) {
    case BL_NULL:
      return {};
    case BL_FLOAT:
      return Cell::of_real(value.u.f);
    case BL_TEXT:
    case BL_BYTES:
    case BL_DECIMAL:
      return Cell::of_text({value.u.text, value.len}, type);
    default:
      return Cell::of_integer(value.u.i, type);
  }
}

Error refused(const bl_value& value, const bl_column& column, std::string_view fault) {
  return {Error::Code::data,
          fmt::format("column {}: {} ({} given, {} declared)", to_view(column.name), fault,
                      type_name(value.type), type_name(column.type))};
}

}  // namespace

Status read_cells(std::span<const bl_column* const> columns, std::span<const bl_value> values,
                  std::span<Cell> cells) {
  BL_ASSERT(columns.size() == values.size() && columns.size() == cells.size());
  for (std::size_t index = 0; index < values.size(); ++index) {
    const std::string_view fault = fault_of(values[index], *columns[index]);
    if (!fault.empty()) {
      return refused(values[index], *columns[index], fault);
    }
    cells[index] = to_cell(values[index]);
  }
  return {};
}

std::vector<const bl_column*> all_columns(const bl_stream& stream) {
  std::vector<const bl_column*> columns;
  for (const bl_column& column : std::span(stream.columns, stream.n_columns)) {
    columns.push_back(&column);
  }
  return columns;
}

std::vector<const bl_column*> key_columns(const bl_stream& stream) {
  std::vector<const bl_column*> columns = all_columns(stream);
  std::erase_if(columns, [](const bl_column* column) { return (column->flags & BL_COL_KEY) == 0; });
  return columns;
}

}  // namespace baselined::worker
