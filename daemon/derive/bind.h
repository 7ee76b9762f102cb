// NULL in statements is an empty optional.
// Threads: as the statement.
#pragma once

#include <optional>
#include <string>
#include <string_view>

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

// Valid until the next step.
inline std::optional<std::string_view> optional_text(const store::Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.text(column));
}

}  // namespace baselined::derive
