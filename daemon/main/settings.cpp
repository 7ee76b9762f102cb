#include "daemon/main/settings.h"

#include <cstdio>

#include "daemon/main/installation.h"

namespace baselined {
namespace {

derive::Mapping mapping_of(const config::Configuration& configuration) {
  derive::Mapping mapping;
  for (const config::Service& service : configuration.services) {
    mapping.services.push_back(
        {service.name, service.repositories, service.deployment_tags, service.deployment_branches,
         service.deployment_environments, service.deployment_jobs, service.deployment_runs,
         service.deployment_pipelines, service.hotfix_labels, service.reverts_are_fixes,
         service.incident_lookback, service.paths, service.change_labels});
  }
  for (const config::Repository& repository : configuration.repositories) {
    mapping.repositories.push_back({repository.name, repository.aliases});
  }
  mapping.collectors.emplace();
  for (const config::Collector& collector : configuration.collectors) {
    mapping.collectors->insert(collector.name);
  }
  return mapping;
}

}  // namespace

const config::Collector* Settings::find_collector(const std::string& name) const {
  for (const config::Collector& collector : configuration.collectors) {
    if (collector.name == name) {
      return &collector;
    }
  }
  return nullptr;
}

LoadedSettings load_settings(const std::filesystem::path& file,
                             std::shared_ptr<host::Plugins> plugins) {
  if (!plugins) {
    auto worker = worker_program();
    if (!worker) {
      return {nullptr, {{file.string(), {}, worker.error().message()}}};
    }
    plugins = std::make_shared<host::Plugins>(*std::move(worker));
  }
  config::Loaded loaded = config::load_configuration(file, *plugins);
  if (!loaded.configuration) {
    return {nullptr, std::move(loaded.problems)};
  }
  auto zone = TimeZone::find(loaded.configuration->daemon.timezone);
  if (!zone) {
    return {nullptr, {{file.string(), {}, zone.error().message()}}};
  }
  auto settings = std::make_shared<Settings>();
  settings->plugins = std::move(plugins);
  settings->zone = *std::move(zone);
  settings->mapping = mapping_of(*loaded.configuration);
  settings->configuration = *std::move(loaded.configuration);
  return {std::move(settings), {}};
}

std::shared_ptr<const Settings> load_or_complain(const std::filesystem::path& file) {
  LoadedSettings loaded = load_settings(file);
  for (const config::Problem& problem : loaded.problems) {
    std::fprintf(stderr, "%s\n", problem.text().c_str());
  }
  return loaded.settings;
}

}  // namespace baselined
