#include "daemon/config/unique_name.h"

#include <fmt/format.h>

namespace baselined::config {

std::string read_unique_name(TableReader& table, std::string_view kind, TextFormat format,
                             Names& names) {
  const auto name = table.required_text("name");
  if (!name) {
    return {};
  }
  const std::string problem = problem_with(format, name->value);
  if (!problem.empty()) {
    table.problems().add(name->where, "'name' " + problem);
    return {};
  }
  const auto [first, inserted] = names.try_emplace(name->value, name->where);
  if (!inserted) {
    table.problems().add(name->where, fmt::format("{} '{}' exists already, at line {}", kind,
                                                  name->value, first->second.line));
  }
  return name->value;
}

}  // namespace baselined::config
