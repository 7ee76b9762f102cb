#include "daemon/config/plugin_catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "daemon/config/did_you_mean.h"

namespace baselined::config {
namespace {

constexpr std::size_t kMaxListed = 10;

void add_plugins_of(const std::filesystem::path& dir,
                    std::map<std::string, std::filesystem::path>& found) {
  std::error_code failure;
  std::filesystem::directory_iterator entry(dir, failure);
  while (!failure && entry != std::filesystem::directory_iterator()) {
    std::error_code not_there;
    if (entry->path().extension() == ".so" && entry->is_regular_file(not_there)) {
      found.emplace(entry->path().stem().string(), entry->path());
    }
    entry.increment(failure);
  }
}

}  // namespace

std::vector<InstalledPlugin> installed_plugins(const std::vector<std::filesystem::path>& dirs) {
  std::map<std::string, std::filesystem::path> found;
  for (const auto& dir : dirs) {
    add_plugins_of(dir, found);
  }
  std::vector<InstalledPlugin> plugins;
  plugins.reserve(found.size());
  for (auto& [name, file] : found) {
    plugins.push_back({name, std::move(file)});
  }
  return plugins;
}

PluginCatalogue::PluginCatalogue(const Daemon& daemon, SchemaSource& schemas)
    : installed_(installed_plugins(daemon.plugin_dirs)),
      sandbox_(daemon.sandbox),
      schemas_(&schemas) {
  for (const auto& dir : daemon.plugin_dirs) {
    searched_ += (searched_.empty() ? "" : ", ") + dir.string();
  }
}

PluginCatalogue::Answer PluginCatalogue::find(const std::string& name) {
  const auto known = described_.find(name);
  if (known != described_.end()) {
    return {known->second ? &*known->second : nullptr, ""};
  }
  const auto installed =
      std::find_if(installed_.begin(), installed_.end(),
                   [&](const InstalledPlugin& each) { return each.name == name; });
  if (installed == installed_.end()) {
    if (searched_.empty()) {
      return {};  // without a directory the configuration has been found wrong already
    }
    std::vector<std::string> names;
    std::string list;
    for (const InstalledPlugin& each : installed_) {
      if (names.size() < kMaxListed) {
        list += (names.empty() ? "; installed: " : ", ") + each.name;
      }
      names.push_back(each.name);
    }
    const std::string hint = did_you_mean(name, names);
    return {nullptr,
            fmt::format("plugin '{}' is not in {}{}", name, searched_, hint.empty() ? list : hint)};
  }
  const auto& described = described_.emplace(name, describe(*installed)).first->second;
  if (!described) {
    return {nullptr, fmt::format("plugin '{}': {}", name, described.error().message())};
  }
  return {&*described, ""};
}

Result<PluginCatalogue::Plugin> PluginCatalogue::describe(const InstalledPlugin& installed) {
  Plugin plugin;
  plugin.file = installed.file;
  BL_TRY(plugin.manifest, schemas_->describe(installed.file, sandbox_));
  auto schema = parse_option_schema(plugin.manifest.config_schema);
  if (!schema) {
    return std::move(schema).error().with("its config_schema makes no sense");
  }
  plugin.schema = *std::move(schema);
  return plugin;
}

}  // namespace baselined::config
