// Checks a collector's options against its plugin's schema and makes the JSON that the plugin gets.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/base/toml.h"
#include "daemon/config/configuration.h"
#include "daemon/config/option_schema.h"

namespace baselined::config {

struct OptionProblem {
  Location where;
  std::string message;
};

struct CheckedOptions {
  json::object values;             // canonical: keys sorted at every level, defaults filled in
  std::vector<std::string> paths;  // of options with the format path, sorted, each once
  std::vector<OptionProblem> problems;
};

// `options` may be nullptr: then `where` is where a missing option is reported.
CheckedOptions check_options(const toml::table* options, Location where,
                             const OptionSchema& schema);

// Strictly: 3.0 is no integer. A number is an integer or a finite floating-point number.
bool has_type(const json::value& value, OptionType type);

// The first problem of a schema's own default; empty: none.
std::string problem_with_default(const json::value& value, const OptionSchema& schema);

}  // namespace baselined::config
