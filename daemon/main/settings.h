// The loaded configuration and what follows from it, shared by all commands.
//
// Threads: immutable after load().
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/config/configuration.h"
#include "daemon/derive/mapping.h"
#include "daemon/host/plugins.h"

namespace baselined {

struct Settings {
  config::Configuration configuration;
  std::shared_ptr<host::Plugins> plugins;
  TimeZone zone = TimeZone::utc();
  derive::Mapping mapping;

  const config::Collector* find_collector(const std::string& name) const;
};

// Reads the configuration as every command does. Where it is wrong: the problems, and no settings.
struct LoadedSettings {
  std::shared_ptr<const Settings> settings;
  std::vector<config::Problem> problems;
};
// `plugins`: what is known of them already.
LoadedSettings load_settings(const std::filesystem::path& file,
                             std::shared_ptr<host::Plugins> plugins = nullptr);

// load_settings, with the problems printed to standard error where there are any.
std::shared_ptr<const Settings> load_or_complain(const std::filesystem::path& file);

}  // namespace baselined
