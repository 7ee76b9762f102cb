// The schema of a plugin's options: the subset of JSON Schema that README.md documents.
//
// What the subset does not know is refused, never skipped: an option that looks checked and is not
// would be worse than a plugin that does not load.
// Threads: a value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/config/text_format.h"

namespace baselined::config {

enum class OptionType { object, array, string, integer, number, boolean };

struct OptionSchema {
  OptionType type = OptionType::object;
  std::string name;  // of a property of an object
  bool is_required = false;
  std::string description;
  std::optional<json::value> otherwise;  // "default"; satisfies this schema
  std::vector<json::value> allowed;      // "enum"; empty: anything
  TextFormat format = TextFormat::any;   // string
  std::optional<double> minimum;         // integer, number
  std::optional<double> maximum;
  std::vector<OptionSchema> items;  // array: exactly one
  std::size_t min_items = 0;
  std::vector<OptionSchema> properties;  // object, in the schema's order
  bool allows_others = false;            // object: "additionalProperties"

  const OptionSchema* property(std::string_view key) const;
};

// "an array", "an integer", ...
std::string_view type_name(OptionType type);

// Errors: data, naming the place in the schema. The top must be an object.
Result<OptionSchema> parse_option_schema(const json::object& schema);

}  // namespace baselined::config
