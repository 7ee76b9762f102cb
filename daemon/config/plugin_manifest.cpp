#include "daemon/config/plugin_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "daemon/config/capabilities.h"

namespace baselined::config {
namespace {

constexpr std::array<std::string_view, 8> kTypes = {"null", "boolean", "integer", "real",
                                                    "text", "bytes",   "time",    "decimal"};

Error wrong(std::string_view where, std::string_view what) {
  return {Error::Code::data, fmt::format("plugin manifest: {} {}", where, what)};
}

Result<const json::value*> member(const json::object& object, std::string_view name,
                                  std::string_view where) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) {
    return wrong(where, fmt::format("lacks '{}'", name));
  }
  return value;
}

Result<std::string> text_of(const json::object& object, std::string_view name,
                            std::string_view where) {
  BL_TRY(const json::value* value, member(object, name, where));
  if (!value->is_string()) {
    return wrong(where, fmt::format("has a '{}' that is not text", name));
  }
  return std::string(value->get_string());
}

Result<bool> flag_of(const json::object& object, std::string_view name, std::string_view where) {
  BL_TRY(const json::value* value, member(object, name, where));
  if (!value->is_bool()) {
    return wrong(where, fmt::format("has a '{}' that is neither true nor false", name));
  }
  return value->get_bool();
}

Result<const json::array*> array_of(const json::object& object, std::string_view name,
                                    std::string_view where) {
  BL_TRY(const json::value* value, member(object, name, where));
  if (!value->is_array()) {
    return wrong(where, fmt::format("has a '{}' that is not an array", name));
  }
  return &value->get_array();
}

// [a-z][a-z0-9_]{0,62}
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// "commit/1"
bool is_contract(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !is_name(text.substr(0, slash))) {
    return false;
  }
  const std::string_view version = text.substr(slash + 1);
  int number = 0;
  const auto [end, failure] =
      std::from_chars(version.data(), version.data() + version.size(), number);
  return failure == std::errc() && end == version.data() + version.size() && number > 0;
}

Result<ManifestColumn> column_from(const json::value& value, const std::string& stream) {
  const std::string where = fmt::format("stream '{}': a column", stream);
  if (!value.is_object()) {
    return wrong(where, "is not an object");
  }
  const json::object& object = value.get_object();
  ManifestColumn column;
  BL_TRY(column.name, text_of(object, "name", where));
  if (!is_name(column.name)) {
    return wrong(where, fmt::format("has the name '{}', which is not a-z, 0-9 and _", column.name));
  }
  BL_TRY(const std::string type, text_of(object, "type", where));
  const auto* const found = std::find(kTypes.begin(), kTypes.end(), type);
  if (found == kTypes.end()) {
    return wrong(where, fmt::format("'{}' has the unknown type '{}'", column.name, type));
  }
  column.type = static_cast<CellType>(found - kTypes.begin());
  BL_TRY(column.key, flag_of(object, "key", where));
  BL_TRY(column.required, flag_of(object, "required", where));
  BL_TRY(column.personal, flag_of(object, "personal", where));
  BL_TRY(column.description, text_of(object, "description", where));
  return column;
}

Result<ManifestStream> stream_from(const json::value& value) {
  if (!value.is_object()) {
    return wrong("a stream", "is not an object");
  }
  const json::object& object = value.get_object();
  ManifestStream stream;
  BL_TRY(stream.name, text_of(object, "name", "a stream"));
  const std::string where = fmt::format("stream '{}'", stream.name);
  if (!is_name(stream.name)) {
    return wrong(where, "has a name that is not a-z, 0-9 and _");
  }
  BL_TRY(stream.contract, text_of(object, "contract", where));
  if (!is_contract(stream.contract)) {
    return wrong(where,
                 fmt::format("has the contract '{}', which is not like commit/1", stream.contract));
  }
  BL_TRY(stream.description, text_of(object, "description", where));
  BL_TRY(const json::array* columns, array_of(object, "columns", where));
  std::set<std::string> names;
  for (const json::value& element : *columns) {
    BL_TRY(ManifestColumn column, column_from(element, stream.name));
    if (!names.insert(column.name).second) {
      return wrong(where, fmt::format("has two columns '{}'", column.name));
    }
    stream.columns.push_back(std::move(column));
  }
  if (stream.columns.empty()) {
    return wrong(where, "has no columns");
  }
  return stream;
}

Result<std::vector<std::string>> capabilities_from(const json::object& root) {
  BL_TRY(const json::array* array, array_of(root, "capabilities", "it"));
  std::vector<std::string> names;
  for (const json::value& element : *array) {
    if (!element.is_string()) {
      return wrong("it", "asks for a capability that is not text");
    }
    std::string name(element.get_string());
    if (!is_capability(name)) {
      return wrong("it", fmt::format("asks for the unknown capability '{}'", name));
    }
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

Result<PluginManifest> parse_manifest(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) {
    return std::move(parsed).error().with("plugin manifest");
  }
  if (!parsed->is_object()) {
    return wrong("it", "is not an object");
  }
  const json::object& root = parsed->get_object();
  PluginManifest manifest;
  BL_TRY(manifest.id, text_of(root, "id", "it"));
  if (manifest.id.empty()) {
    return wrong("it", "has an 'id' that is empty");
  }
  BL_TRY(manifest.version, text_of(root, "version", "it"));
  BL_TRY(manifest.summary, text_of(root, "summary", "it"));
  BL_TRY(manifest.capabilities, capabilities_from(root));
  BL_TRY(const json::value* schema, member(root, "config_schema", "it"));
  if (!schema->is_object()) {
    return wrong("it", "has a 'config_schema' that is not an object");
  }
  manifest.config_schema = schema->get_object();
  BL_TRY(const json::array* streams, array_of(root, "streams", "it"));
  std::set<std::string> names;
  for (const json::value& element : *streams) {
    BL_TRY(ManifestStream stream, stream_from(element));
    if (!names.insert(stream.name).second) {
      return wrong("it", fmt::format("has two streams '{}'", stream.name));
    }
    manifest.streams.push_back(std::move(stream));
  }
  return manifest;
}

}  // namespace baselined::config
