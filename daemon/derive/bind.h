// NULL in statements is an empty optional.
// Threads: as the statement.
#pragma once

#include <optional>
#include <string>

#include "daemon/store/sqlite.h"

namespace baselined::derive {

inline store::Statement& bind_optional(store::Statement& statement, int index,
                                       const std::optional<std::int64_t>& value) {
  return value ? statement.bind(index, *value) : statement.bind_null(index);
}

// The text must live until the statement is reset.
inline store::Statement& bind_optional(store::Statement& statement, int index,
                                       const std::optional<std::string>& text) {
  return text ? statement.bind(index, std::string_view(*text)) : statement.bind_null(index);
}

inline std::optional<std::int64_t> optional_integer(const store::Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
}

}  // namespace baselined::derive
