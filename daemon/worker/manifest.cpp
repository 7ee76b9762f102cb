#include "daemon/worker/manifest.h"

#include <array>
#include <span>

#include "daemon/base/json.h"
#include "daemon/worker/descriptor.h"

namespace baselined::worker {
namespace {

json::object column_object(const bl_column& column) {
  return {{"name", to_view(column.name)},
          {"type", type_name(column.type)},
          {"key", (column.flags & BL_COL_KEY) != 0},
          {"required", (column.flags & BL_COL_REQUIRED) != 0},
          {"personal", (column.flags & BL_COL_PERSONAL) != 0},
          {"description", to_view(column.description)}};
}

json::object stream_object(const bl_stream& stream) {
  json::array columns;
  for (const bl_column& column : std::span(stream.columns, stream.n_columns)) {
    columns.emplace_back(column_object(column));
  }
  return {{"name", to_view(stream.name)},
          {"contract", to_view(stream.contract)},
          {"description", to_view(stream.description)},
          {"columns", std::move(columns)}};
}

}  // namespace

std::vector<std::string> capability_names(std::uint32_t capabilities) {
  constexpr std::array<std::string_view, 6> kNames = {"http",       "net_direct", "fs_read",
                                                      "secret_raw", "threads",    "exec"};
  std::vector<std::string> names;
  for (std::size_t bit = 0; bit < kNames.size(); ++bit) {
    if ((capabilities & (1U << bit)) != 0) {
      names.emplace_back(kNames[bit]);
    }
  }
  return names;
}

std::string_view type_name(bl_type type) {
  constexpr std::array<std::string_view, 8> kNames = {"null", "boolean", "integer", "real",
                                                      "text", "bytes",   "time",    "decimal"};
  return type < kNames.size() ? kNames[type] : "unknown";
}

std::string manifest_json(const bl_plugin& plugin) {
  json::array capabilities;
  for (const std::string& name : capability_names(plugin.capabilities)) {
    capabilities.emplace_back(name);
  }
  json::array streams;
  for (const bl_stream& stream : std::span(plugin.streams, plugin.n_streams)) {
    streams.emplace_back(stream_object(stream));
  }
  const json::object manifest = {
      {"abi_major", plugin.abi_major},
      {"abi_minor", plugin.abi_minor},
      {"id", to_view(plugin.id)},
      {"version", to_view(plugin.version)},
      {"summary", to_view(plugin.summary)},
      {"capabilities", std::move(capabilities)},
      // check_descriptor() has parsed it before.
      {"config_schema", parse_json(to_view(plugin.config_schema)).value()},
      {"streams", std::move(streams)}};
  return json::serialize(manifest);
}

}  // namespace baselined::worker
