// TOML through toml++, with bounds and errors as values.
//
// toml++ recurses over nested values and dotted keys, when it parses and when it destroys. The text
// is therefore bounded before it is parsed: at most 1 MiB, 16 levels of brackets, 16 parts of a
// dotted key. Every node of the table knows its line and column (node.source().begin).
// Threads: pure functions.
// Errors: a message quotes at most a key or the few characters that were wrong, never a value.
//
//   BL_TRY(const toml::table table, parse_toml(text, "commit_1.toml"));
#pragma once

#include <toml++/toml.h>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "daemon/base/result.h"

namespace baselined {

constexpr std::size_t kMaxTomlBytes = std::size_t{1} << 20U;

struct TomlError {
  std::uint32_t line = 0;  // from 1; 0 where there is no place
  std::uint32_t column = 0;
  std::string message;
};

// For callers that report places themselves.
tl::expected<toml::table, TomlError> parse_toml_located(std::string_view text);

// A config error whose message begins with "name:line:column: ".
Result<toml::table> parse_toml(std::string_view text, std::string_view name);

}  // namespace baselined
