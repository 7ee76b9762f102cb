// Cells of a plugin become cells of ours, once they are what the stream declares.
// Threads: pure functions.
#pragma once

#include <baselined/plugin.h>

#include <span>
#include <vector>

#include "daemon/base/cell.h"
#include "daemon/base/result.h"

namespace baselined::worker {

// Text is not copied. values, columns and cells have the same size.
// Errors: data, naming the column.
Status read_cells(std::span<const bl_column* const> columns, std::span<const bl_value> values,
                  std::span<Cell> cells);

// Of a stream, in declared order.
std::vector<const bl_column*> all_columns(const bl_stream& stream);
std::vector<const bl_column*> key_columns(const bl_stream& stream);

}  // namespace baselined::worker
