// TOML becomes JSON first; the check then walks both, the JSON for the values and the TOML for the
// places. A default has no TOML.
#include "daemon/config/option_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/config/did_you_mean.h"
#include "daemon/config/toml_reader.h"

namespace baselined::config {
namespace {

// A date has no JSON: it becomes null, which no schema accepts.
json::value to_json(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    json::object object;
    for (const auto& [key, value] : *table) {
      object.emplace(key.str(), to_json(value));
    }
    return object;
  }
  if (const auto* array = node.as_array()) {
    json::array elements;
    for (const toml::node& element : *array) {
      elements.push_back(to_json(element));
    }
    return elements;
  }
  if (const auto* text = node.as_string()) {
    return json::value(text->get());
  }
  if (const auto* integer = node.as_integer()) {
    return json::value(integer->get());
  }
  if (const auto* number = node.as_floating_point()) {
    return json::value(number->get());
  }
  if (const auto* boolean = node.as_boolean()) {
    return json::value(boolean->get());
  }
  return nullptr;
}

json::value canonical(const json::value& value) {
  if (value.is_array()) {
    json::array elements;
    for (const json::value& element : value.get_array()) {
      elements.push_back(canonical(element));
    }
    return elements;
  }
  if (!value.is_object()) {
    return value;
  }
  std::vector<std::string_view> keys;
  for (const auto& member : value.get_object()) {
    keys.emplace_back(member.key().data(), member.key().size());
  }
  std::sort(keys.begin(), keys.end());
  json::object sorted;
  for (const std::string_view key : keys) {
    sorted.emplace(key, canonical(value.get_object().at(key)));
  }
  return sorted;
}

std::string_view json_type_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::object:
      return "a table";
    case json::kind::array:
      return "an array";
    case json::kind::string:
      return "a string";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "an integer";
    case json::kind::double_:
      return "a number";
    case json::kind::null:
      break;
  }
  return "null";
}

std::string below(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

class OptionChecker {
 public:
  // `origin` is the value's TOML, or nullptr; `path` is like "limits.depth" or "refs[2]".
  void check(json::value& value, const toml::node* origin, const OptionSchema& schema,
             const std::string& path) {
    if (!has_type(value, schema.type)) {
      report_type(value, origin, schema, path);
      return;
    }
    check_enum(value, schema, path);
    switch (schema.type) {
      case OptionType::object:
        check_object(value.get_object(), origin, schema, path);
        break;
      case OptionType::array:
        check_array(value.get_array(), origin, schema, path);
        break;
      case OptionType::string:
        check_string(std::string(value.get_string()), schema, path);
        break;
      case OptionType::integer:
      case OptionType::number:
        check_bounds(value, schema, path);
        break;
      case OptionType::boolean:
        break;
    }
  }

  void set_place(Location where) { where_ = where; }
  CheckedOptions& result() { return result_; }

 private:
  void report(std::string message) { result_.problems.push_back({where_, std::move(message)}); }

  void report_type(const json::value& value, const toml::node* origin, const OptionSchema& schema,
                   const std::string& path) {
    if (value.is_double() && !std::isfinite(value.get_double())) {
      report(fmt::format("option '{}' must be finite", path));
      return;
    }
    report(fmt::format("option '{}' must be {}, not {}", path, type_name(schema.type),
                       origin == nullptr ? json_type_name(value) : type_name(*origin)));
  }

  void check_enum(const json::value& value, const OptionSchema& schema, const std::string& path) {
    const auto& allowed = schema.allowed;
    if (allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) {
      return;
    }
    std::string list;
    std::vector<std::string> texts;
    for (const json::value& each : allowed) {
      list += (list.empty() ? "" : ", ") + json::serialize(each);
      if (each.is_string()) {
        texts.emplace_back(each.get_string());
      }
    }
    const std::string hint =
        value.is_string() ? did_you_mean(std::string_view(value.get_string()), texts) : "";
    report(fmt::format("option '{}' must be one of {}{}", path, list, hint));
  }

  void check_string(const std::string& text, const OptionSchema& schema, const std::string& path) {
    const std::string problem = problem_with(schema.format, text);
    if (!problem.empty()) {
      report(fmt::format("option '{}' {}", path, problem));
    } else if (schema.format == TextFormat::path) {
      result_.paths.push_back(text);
    }
  }

  void check_bounds(const json::value& value, const OptionSchema& schema, const std::string& path) {
    const auto number = value.to_number<double>();
    if (schema.minimum && number < *schema.minimum) {
      report(fmt::format("option '{}' must be at least {}", path, *schema.minimum));
    }
    if (schema.maximum && number > *schema.maximum) {
      report(fmt::format("option '{}' must be at most {}", path, *schema.maximum));
    }
  }

  void check_array(json::array& array, const toml::node* origin, const OptionSchema& schema,
                   const std::string& path) {
    if (array.size() < schema.min_items) {
      report(fmt::format("option '{}' must hold at least {} value{}", path, schema.min_items,
                         schema.min_items == 1 ? "" : "s"));
    }
    const Location outer = where_;
    for (std::size_t i = 0; i < array.size(); ++i) {
      const toml::node* element = origin == nullptr ? nullptr : origin->as_array()->get(i);
      where_ = element == nullptr ? outer : place_of(element->source());
      check(array[i], element, schema.items.front(), fmt::format("{}[{}]", path, i));
    }
    where_ = outer;
  }

  void check_object(json::object& object, const toml::node* origin, const OptionSchema& schema,
                    const std::string& path) {
    const toml::table* table = origin == nullptr ? nullptr : origin->as_table();
    const Location outer = where_;
    for (auto& member : object) {
      const std::string key(member.key());
      const std::string place = below(path, key);
      const toml::node* node = table == nullptr ? nullptr : table->get(key);
      const OptionSchema* property = schema.property(key);
      where_ = node == nullptr ? outer : place_of(node->source());
      if (property != nullptr) {
        check(member.value(), node, *property, place);
      } else if (schema.allows_others) {
        check_free(member.value(), node, place);
      } else {
        report_unknown(key, table, schema, place);
      }
    }
    where_ = outer;
    for (const OptionSchema& property : schema.properties) {
      const std::string place = below(path, property.name);
      if (object.contains(property.name)) {
        continue;
      }
      if (property.otherwise) {
        // Checked as well, so that a nested default is filled in and a default path is granted.
        json::value filled = *property.otherwise;
        check(filled, nullptr, property, place);
        object.emplace(property.name, std::move(filled));
      } else if (property.is_required) {
        report(fmt::format("missing option '{}'", place));
      }
    }
  }

  void report_unknown(const std::string& key, const toml::table* table, const OptionSchema& schema,
                      const std::string& place) {
    if (table != nullptr) {
      where_ = place_of(table->find(key)->first.source());
    }
    std::vector<std::string> names;
    for (const OptionSchema& property : schema.properties) {
      names.push_back(property.name);
    }
    report(fmt::format("unknown option '{}'{}", place, did_you_mean(key, names)));
  }

  // A value that no schema describes must still be JSON.
  void check_free(const json::value& value, const toml::node* origin, const std::string& path) {
    const bool is_infinite = value.is_double() && !std::isfinite(value.get_double());
    if (value.is_null() || is_infinite) {
      report(fmt::format("option '{}' must be {}", path,
                         is_infinite ? "finite" : "text, not a date or time"));
    } else if (value.is_array() && origin != nullptr) {
      for (std::size_t i = 0; i < value.get_array().size(); ++i) {
        check_free(value.get_array()[i], origin->as_array()->get(i),
                   fmt::format("{}[{}]", path, i));
      }
    } else if (value.is_object() && origin != nullptr) {
      for (const auto& member : value.get_object()) {
        const std::string key(member.key());
        check_free(member.value(), origin->as_table()->get(key), below(path, key));
      }
    }
  }

  CheckedOptions result_;
  Location where_;
};

}  // namespace

bool has_type(const json::value& value, OptionType type) {
  switch (type) {
    case OptionType::object:
      return value.is_object();
    case OptionType::array:
      return value.is_array();
    case OptionType::string:
      return value.is_string();
    case OptionType::integer:
      return value.is_int64();
    case OptionType::number:
      return value.is_int64() || (value.is_double() && std::isfinite(value.get_double()));
    case OptionType::boolean:
      return value.is_bool();
  }
  return false;
}

CheckedOptions check_options(const toml::table* options, Location where,
                             const OptionSchema& schema) {
  json::value value = options == nullptr ? json::value(json::object()) : to_json(*options);
  OptionChecker checker;
  checker.set_place(where);
  checker.check(value, options, schema, "");
  CheckedOptions result = std::move(checker.result());
  result.values = canonical(value).get_object();
  std::sort(result.paths.begin(), result.paths.end());
  result.paths.erase(std::unique(result.paths.begin(), result.paths.end()), result.paths.end());
  return result;
}

std::string problem_with_default(const json::value& value, const OptionSchema& schema) {
  json::value copy = value;
  OptionChecker checker;
  checker.check(copy, nullptr, schema, "default");
  const auto& problems = checker.result().problems;
  return problems.empty() ? "" : problems.front().message;
}

}  // namespace baselined::config
