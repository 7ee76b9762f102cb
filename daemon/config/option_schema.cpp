#include "daemon/config/option_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "daemon/config/did_you_mean.h"
#include "daemon/config/option_check.h"

namespace baselined::config {
namespace {

struct TypeRule {
  std::string_view name;
  std::string_view with_article;
  OptionType type;
  std::vector<std::string> keywords;  // beside "type", "description" and "default"
};

const std::array<TypeRule, 6>& type_rules() {
  static const std::array<TypeRule, 6> kRules = {{
      {"object", "a table", OptionType::object, {"properties", "required", "additionalProperties"}},
      {"array", "an array", OptionType::array, {"items", "minItems"}},
      {"string", "a string", OptionType::string, {"enum", "format"}},
      {"integer", "an integer", OptionType::integer, {"enum", "minimum", "maximum"}},
      {"number", "a number", OptionType::number, {"enum", "minimum", "maximum"}},
      {"boolean", "a boolean", OptionType::boolean, {}},
  }};
  return kRules;
}

struct FormatName {
  std::string_view name;
  TextFormat format;
};
constexpr std::array<FormatName, 4> kFormats = {{
    {"path", TextFormat::path},
    {"duration", TextFormat::duration},
    {"glob", TextFormat::glob},
    {"regex", TextFormat::regex},
}};

// Reads one schema object. `place` is "" at the top, else like "properties.depth".
class SchemaParser {
 public:
  SchemaParser(const json::object& source, std::string place)
      : source_(source), place_(std::move(place)) {}

  Result<OptionSchema> parse() {
    OptionSchema schema;
    BL_TRY(const TypeRule* rule, find_type());
    schema.type = rule->type;
    BL_CHECK(check_keywords(*rule));
    BL_CHECK(read_description(schema));
    BL_CHECK(read_enum(schema));
    BL_CHECK(read_format(schema));
    BL_CHECK(read_bound("minimum", schema.minimum));
    BL_CHECK(read_bound("maximum", schema.maximum));
    BL_CHECK(read_items(schema));
    BL_CHECK(read_properties(schema));
    BL_CHECK(read_required(schema));
    BL_CHECK(read_additional(schema));
    BL_CHECK(read_default(schema));
    return schema;
  }

 private:
  Error wrong(std::string_view what) const {
    return {Error::Code::data,
            place_.empty() ? std::string(what) : fmt::format("{}: {}", place_, what)};
  }

  std::string below(std::string_view key) const {
    return place_.empty() ? std::string(key) : fmt::format("{}.{}", place_, key);
  }

  Result<const TypeRule*> find_type() const {
    const json::value* type = source_.if_contains("type");
    if (type == nullptr || !type->is_string()) {
      return wrong("needs a 'type' that is text");
    }
    for (const TypeRule& rule : type_rules()) {
      if (rule.name == std::string_view(type->get_string())) {
        return &rule;
      }
    }
    return wrong(fmt::format("unknown type '{}'", std::string_view(type->get_string())));
  }

  Status check_keywords(const TypeRule& rule) const {
    std::vector<std::string> known = {"type", "description", "default"};
    known.insert(known.end(), rule.keywords.begin(), rule.keywords.end());
    for (const auto& member : source_) {
      const std::string key(member.key());
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        return wrong(fmt::format("unknown keyword '{}' for type {}{}", key, rule.name,
                                 did_you_mean(key, known)));
      }
    }
    return {};
  }

  Status read_description(OptionSchema& schema) const {
    const json::value* value = source_.if_contains("description");
    if (value == nullptr) {
      return {};
    }
    if (!value->is_string()) {
      return wrong("'description' must be text");
    }
    schema.description = std::string(value->get_string());
    return {};
  }

  Status read_enum(OptionSchema& schema) const {
    const json::value* value = source_.if_contains("enum");
    if (value == nullptr) {
      return {};
    }
    if (!value->is_array() || value->get_array().empty()) {
      return wrong("'enum' must be an array that is not empty");
    }
    for (const json::value& element : value->get_array()) {
      if (!has_type(element, schema.type)) {
        return wrong("'enum' has a value of another type");
      }
      schema.allowed.push_back(element);
    }
    return {};
  }

  Status read_format(OptionSchema& schema) const {
    const json::value* value = source_.if_contains("format");
    if (value == nullptr) {
      return {};
    }
    if (value->is_string()) {
      for (const FormatName& known : kFormats) {
        if (known.name == std::string_view(value->get_string())) {
          schema.format = known.format;
          return {};
        }
      }
    }
    return wrong("'format' must be path, duration, glob or regex");
  }

  Status read_bound(std::string_view key, std::optional<double>& bound) const {
    const json::value* value = source_.if_contains(key);
    if (value == nullptr) {
      return {};
    }
    if (!has_type(*value, OptionType::number)) {
      return wrong(fmt::format("'{}' must be a number", key));
    }
    bound = value->to_number<double>();
    return {};
  }

  Status read_items(OptionSchema& schema) const {
    if (schema.type != OptionType::array) {
      return {};
    }
    const json::value* items = source_.if_contains("items");
    if (items == nullptr || !items->is_object()) {
      return wrong("an array needs 'items', a schema");
    }
    BL_TRY(OptionSchema parsed, SchemaParser(items->get_object(), below("items")).parse());
    schema.items.push_back(std::move(parsed));
    if (const json::value* least = source_.if_contains("minItems")) {
      if (!least->is_int64() || least->get_int64() < 0) {
        return wrong("'minItems' must be a whole number");
      }
      schema.min_items = static_cast<std::size_t>(least->get_int64());
    }
    return {};
  }

  Status read_properties(OptionSchema& schema) const {
    const json::value* properties = source_.if_contains("properties");
    if (properties == nullptr) {
      return {};
    }
    if (!properties->is_object()) {
      return wrong("'properties' must be an object");
    }
    for (const auto& member : properties->get_object()) {
      const std::string place = below(fmt::format("properties.{}", std::string(member.key())));
      if (!member.value().is_object()) {
        return Error(Error::Code::data, place + ": must be a schema");
      }
      BL_TRY(OptionSchema parsed, SchemaParser(member.value().get_object(), place).parse());
      parsed.name = std::string(member.key());
      schema.properties.push_back(std::move(parsed));
    }
    return {};
  }

  Status read_required(OptionSchema& schema) const {
    const json::value* required = source_.if_contains("required");
    if (required == nullptr) {
      return {};
    }
    if (!required->is_array()) {
      return wrong("'required' must be an array");
    }
    for (const json::value& element : required->get_array()) {
      const auto named = [&](const OptionSchema& property) {
        return element.is_string() && property.name == std::string_view(element.get_string());
      };
      const auto found = std::find_if(schema.properties.begin(), schema.properties.end(), named);
      if (found == schema.properties.end()) {
        return wrong("'required' names what 'properties' lacks");
      }
      found->is_required = true;
    }
    return {};
  }

  Status read_additional(OptionSchema& schema) const {
    const json::value* value = source_.if_contains("additionalProperties");
    if (value == nullptr) {
      return {};
    }
    if (!value->is_bool()) {
      return wrong("'additionalProperties' must be true or false");
    }
    schema.allows_others = value->get_bool();
    return {};
  }

  // Last: the default must satisfy everything else.
  Status read_default(OptionSchema& schema) const {
    const json::value* value = source_.if_contains("default");
    if (value == nullptr) {
      return {};
    }
    const std::string problem = problem_with_default(*value, schema);
    if (!problem.empty()) {
      return wrong(problem);
    }
    schema.otherwise = *value;
    return {};
  }

  const json::object& source_;
  std::string place_;
};

}  // namespace

const OptionSchema* OptionSchema::property(std::string_view key) const {
  const auto found = std::find_if(properties.begin(), properties.end(),
                                  [&](const OptionSchema& each) { return each.name == key; });
  return found == properties.end() ? nullptr : &*found;
}

std::string_view type_name(OptionType type) {
  for (const TypeRule& rule : type_rules()) {
    if (rule.type == type) {
      return rule.with_article;
    }
  }
  return "nothing";
}

Result<OptionSchema> parse_option_schema(const json::object& schema) {
  BL_TRY(OptionSchema parsed, SchemaParser(schema, "").parse());
  if (parsed.type != OptionType::object) {
    return Error(Error::Code::data, "the top must have the type object");
  }
  return parsed;
}

}  // namespace baselined::config
