#include "daemon/config/sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/config/option_schema.h"

namespace baselined::config {
namespace {

// Text without what would end a comment.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return line;
}

std::string toml_text(std::string_view text) {
  std::string quoted = json::serialize(json::value(text));
  for (std::size_t at = quoted.find('\x7f'); at != std::string::npos; at = quoted.find('\x7f')) {
    quoted.replace(at, 1, "\\u007f");  // JSON may hold it as it is, TOML may not
  }
  return quoted;
}

bool is_bare_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string toml_key(std::string_view key) {
  return is_bare_key(key) ? std::string(key) : toml_text(key);
}

std::string toml_number(double number) {
  std::string text = fmt::format("{}", number);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string toml_value(const json::value& value) {
  if (value.is_object()) {
    std::string members;
    for (const auto& member : value.get_object()) {
      members += fmt::format("{}{} = {}", members.empty() ? " " : ", ",
                             toml_key({member.key().data(), member.key().size()}),
                             toml_value(member.value()));
    }
    return members.empty() ? "{}" : fmt::format("{{{} }}", members);
  }
  if (value.is_array()) {
    std::string elements;
    for (const json::value& element : value.get_array()) {
      elements += (elements.empty() ? "" : ", ") + toml_value(element);
    }
    return fmt::format("[{}]", elements);
  }
  if (value.is_string()) {
    return toml_text(std::string_view(value.get_string()));
  }
  return value.is_double() ? toml_number(value.get_double()) : json::serialize(value);
}

std::string_view placeholder_text(TextFormat format) {
  switch (format) {
    case TextFormat::path:
      return "/path/to/it";
    case TextFormat::duration:
      return "1h";
    case TextFormat::glob:
      return "*";
    case TextFormat::regex:
      return ".*";
    case TextFormat::any:
    case TextFormat::name:
    case TextFormat::title:
      break;
  }
  return "...";
}

json::value placeholder_number(const OptionSchema& schema) {
  double number = std::max(0.0, schema.minimum.value_or(0.0));
  number = std::min(number, schema.maximum.value_or(number));
  if (schema.type == OptionType::integer) {
    return static_cast<std::int64_t>(std::ceil(number));
  }
  return number;
}

json::value placeholder(const OptionSchema& schema);

json::object placeholder_object(const OptionSchema& schema) {
  json::object object;
  for (const OptionSchema& property : schema.properties) {
    if (property.is_required) {
      object.emplace(property.name, placeholder(property));
    }
  }
  return object;
}

// A value that satisfies the schema.
json::value placeholder(const OptionSchema& schema) {
  if (schema.otherwise) {
    return *schema.otherwise;
  }
  if (!schema.allowed.empty()) {
    return schema.allowed.front();
  }
  switch (schema.type) {
    case OptionType::object:
      return placeholder_object(schema);
    case OptionType::array:
      return json::array(std::max<std::size_t>(1, schema.min_items),
                         placeholder(schema.items.front()));
    case OptionType::string:
      return json::value(placeholder_text(schema.format));
    case OptionType::integer:
    case OptionType::number:
      return placeholder_number(schema);
    case OptionType::boolean:
      return false;
  }
  return nullptr;
}

std::string format_name(TextFormat format) {
  switch (format) {
    case TextFormat::path:
      return "an absolute path";
    case TextFormat::duration:
      return "a duration such as 15m";
    case TextFormat::glob:
      return "a pattern with * and ?";
    case TextFormat::regex:
      return "a regular expression";
    case TextFormat::any:
    case TextFormat::name:
    case TextFormat::title:
      break;
  }
  return std::string(type_name(OptionType::string));
}

// "an array, each: an absolute path; at least 1"
std::string type_text(const OptionSchema& schema) {
  std::string text = schema.type == OptionType::string ? format_name(schema.format)
                                                       : std::string(type_name(schema.type));
  if (schema.type == OptionType::array) {
    text += ", each: " + type_text(schema.items.front());
    text += schema.min_items > 0 ? fmt::format("; at least {}", schema.min_items) : "";
  }
  for (std::size_t i = 0; i < schema.allowed.size(); ++i) {
    text += (i == 0 ? ": " : " or ") + toml_value(schema.allowed[i]);
  }
  text += schema.minimum ? fmt::format(", from {}", *schema.minimum) : "";
  text += schema.maximum ? fmt::format(", to {}", *schema.maximum) : "";
  return text;
}

std::string option_text(const OptionSchema& option) {
  std::string text;
  if (!option.description.empty()) {
    text += fmt::format("# {}\n", one_line(option.description));
  }
  std::string state = option.is_required ? "required" : "optional";
  if (option.otherwise) {
    state = "default " + toml_value(*option.otherwise);
  }
  text += fmt::format("# ({}; {})\n", one_line(type_text(option)), state);
  const bool must_be_written = option.is_required && !option.otherwise;
  return text + fmt::format("{}{} = {}\n", must_be_written ? "" : "# ", toml_key(option.name),
                            toml_value(placeholder(option)));
}

}  // namespace

std::string sample_options(const PluginManifest& manifest) {
  const auto schema = parse_option_schema(manifest.config_schema);
  if (!schema) {
    return fmt::format("# The options of this plugin are not understood: {}\n",
                       one_line(schema.error().message()));
  }
  std::string text = "[collector.options]\n";
  std::string_view separator;
  for (const OptionSchema& option : schema->properties) {
    text += separator;
    text += option_text(option);
    separator = "\n";
  }
  return text;
}

}  // namespace baselined::config
