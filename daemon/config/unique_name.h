// The names of one kind of table: each well-formed, each once.
// Threads: one. Errors: go to the table's problems.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "daemon/config/toml_reader.h"

namespace baselined::config {

using Names = std::map<std::string, Location>;

// The required key 'name' of a table, if it fits the format; empty after a problem with it. One
// that is in `names` already is a problem, too; a new one is added.
std::string read_unique_name(TableReader& table, std::string_view kind, TextFormat format,
                             Names& names);

}  // namespace baselined::config
