// What a plugin says of itself: the JSON that `baselined-worker --describe FILE` prints.
//
//   {"abi_major":0,"abi_minor":0,"id":"...","version":"...","summary":"...",
//    "capabilities":["fs_read"],"config_schema":{...},
//    "streams":[{"name":"...","contract":"commit/1","description":"...",
//      "columns":[{"name":"...","type":"text","key":true,"required":true,"personal":false,
//                  "description":"..."}]}]}
// Column types: null boolean integer real text bytes time decimal.
// Threads: a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/cell.h"
#include "daemon/base/json.h"

namespace baselined::config {

struct ManifestColumn {
  std::string name;
  CellType type = CellType::null;
  bool key = false;
  bool required = false;
  bool personal = false;
  std::string description;
};

struct ManifestStream {
  std::string name;
  std::string contract;
  std::string description;
  std::vector<ManifestColumn> columns;
};

struct PluginManifest {
  std::string id;
  std::string version;
  std::string summary;
  std::vector<std::string> capabilities;
  json::object config_schema;
  std::vector<ManifestStream> streams;
  std::string sha256;             // of the file that was described
  std::uint64_t fingerprint = 0;  // of the text, as the worker of a run tells it again
};

// Errors: data, naming what is wrong.
Result<PluginManifest> parse_manifest(std::string_view text);

}  // namespace baselined::config
