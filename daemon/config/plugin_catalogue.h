// The plugins that are installed, described at most once each.
//
// Ownership: the schema source outlives the catalogue. Threads: one.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon/config/configuration.h"
#include "daemon/config/option_schema.h"

namespace baselined::config {

struct InstalledPlugin {
  std::string name;  // file name without .so
  std::filesystem::path file;
};

// By name. Of two plugins with one name the one in the earlier directory counts. A directory that
// cannot be read has none.
std::vector<InstalledPlugin> installed_plugins(const std::vector<std::filesystem::path>& dirs);

class PluginCatalogue {
 public:
  PluginCatalogue(const Daemon& daemon, SchemaSource& schemas);

  struct Plugin {
    std::filesystem::path file;
    PluginManifest manifest;
    OptionSchema schema;
  };
  struct Answer {
    const Plugin* plugin = nullptr;  // valid as long as the catalogue
    std::string problem;             // why not; empty when it was told before
  };
  // A plugin that is not installed is a problem each time; one that is, but cannot be described or
  // has a schema that makes no sense, is a problem once.
  Answer find(const std::string& name);

 private:
  Result<Plugin> describe(const InstalledPlugin& installed);

  std::string searched_;  // the directories, for a message
  std::vector<InstalledPlugin> installed_;
  SandboxPolicy sandbox_;
  SchemaSource* schemas_;
  std::map<std::string, Result<Plugin>> described_;
};

}  // namespace baselined::config
