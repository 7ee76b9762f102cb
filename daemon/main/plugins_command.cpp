#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "daemon/config/did_you_mean.h"
#include "daemon/config/sample.h"
#include "daemon/host/host.h"
#include "daemon/main/commands.h"
#include "daemon/main/installation.h"
#include "daemon/main/settings.h"
#include "daemon/main/table.h"
#include "daemon/records/contract.h"

namespace baselined {
namespace {

using Files = std::map<std::string, std::filesystem::path>;  // name to file; the first folder wins

Files installed(const std::vector<std::filesystem::path>& folders) {
  Files files;
  for (const auto& folder : folders) {
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
      if (entry.path().extension() == ".so") {
        files.emplace(entry.path().stem().string(), entry.path());
      }
    }
  }
  return files;
}

json::object to_json(const std::string& name, const std::filesystem::path& file,
                     const config::PluginManifest& manifest) {
  json::array streams;
  for (const auto& stream : manifest.streams) {
    streams.push_back(json::object{
        {"name", stream.name}, {"contract", stream.contract}, {"description", stream.description}});
  }
  return {{"name", name},
          {"file", file.string()},
          {"id", manifest.id},
          {"version", manifest.version},
          {"summary", manifest.summary},
          {"capabilities", json::value_from(manifest.capabilities)},
          {"streams", std::move(streams)},
          {"config_schema", manifest.config_schema}};
}

int list(const Arguments& arguments, host::Plugins& plugins, const Files& files) {
  json::array all;
  Table table({"NAME", "VERSION", "EMITS", "SUMMARY"});
  for (const auto& [name, file] : files) {
    const auto manifest = plugins.describe(file, config::SandboxPolicy::automatic);
    if (!manifest) {
      all.push_back(json::object{
          {"name", name}, {"file", file.string()}, {"error", manifest.error().message()}});
      table.add({name, "-", "-", "cannot be loaded: " + manifest.error().message()});
      continue;
    }
    std::string emits;
    for (const auto& stream : manifest->streams) {
      emits += (emits.empty() ? "" : " ") + stream.contract;
    }
    all.push_back(to_json(name, file, *manifest));
    table.add({name, manifest->version, emits, manifest->summary});
  }
  std::printf("%s", arguments.json ? (pretty_json(all) + "\n").c_str() : table.text().c_str());
  return 0;
}

void print(const std::string& name, const config::PluginManifest& manifest) {
  fmt::print("{} {} ({})\n{}\n\n", name, manifest.version, manifest.id, manifest.summary);
  for (const auto& stream : manifest.streams) {
    const records::Contract* contract = records::Contracts::built_in().find(stream.contract);
    fmt::print("emits {}: {}\n", stream.contract, contract == nullptr ? "" : contract->purpose);
  }
  std::string allow;
  for (const std::string& capability : manifest.capabilities) {
    allow += fmt::format("{}\"{}\"", allow.empty() ? "" : ", ", capability);
  }
  fmt::print("\n[[collector]]\nname   = \"my-{}\"\nplugin = \"{}\"\nevery  = \"15m\"\n", name,
             name);
  if (!allow.empty()) {
    fmt::print("allow  = [{}]\n", allow);
  }
  fmt::print("{}", config::sample_options(manifest));
}

int show(const Arguments& arguments, host::Plugins& plugins, const Files& files) {
  const auto found = files.find(arguments.name);
  if (found == files.end()) {
    std::vector<std::string> known;
    for (const auto& [name, file] : files) {
      known.push_back(name);
    }
    return wrong_usage({Error::Code::data,
                        fmt::format("no plugin '{}' is installed{}; see: baselined plugins list",
                                    arguments.name, config::did_you_mean(arguments.name, known))});
  }
  const auto manifest = plugins.describe(found->second, config::SandboxPolicy::automatic);
  if (!manifest) {
    return complain(manifest.error());
  }
  if (arguments.json) {
    std::printf("%s\n", pretty_json(to_json(found->first, found->second, *manifest)).c_str());
  } else {
    print(found->first, *manifest);
  }
  return 0;
}

}  // namespace

int plugins_command(const Arguments& arguments) {
  const auto worker = worker_program();
  if (!worker) {
    return complain(worker.error());
  }
  // Without a configuration: what is installed with the program, for whoever writes the first one.
  std::vector<std::filesystem::path> folders = {worker->parent_path() / "plugins",
                                                worker->parent_path().parent_path() / "plugins"};
  std::error_code failure;
  if (arguments.config != kDefaultConfig || std::filesystem::exists(arguments.config, failure)) {
    const auto settings = load_or_complain(arguments.config);
    if (!settings) {
      return kExitConfiguration;
    }
    folders = settings->configuration.daemon.plugin_dirs;
  }
  const Files files = installed(folders);
  host::Plugins plugins(*worker);
  return arguments.command == Command::plugins_list ? list(arguments, plugins, files)
                                                    : show(arguments, plugins, files);
}

}  // namespace baselined
