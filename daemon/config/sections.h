// The tables of the configuration, one function each. Problems go to the reader's Problems.
// Threads: one.
#pragma once

#include <vector>

#include "daemon/config/configuration.h"
#include "daemon/config/plugin_catalogue.h"
#include "daemon/config/toml_reader.h"

namespace baselined::config {

Daemon read_daemon(TableReader& root);
Web read_web(TableReader& root);
std::vector<Service> read_services(TableReader& root);
std::vector<Repository> read_repositories(TableReader& root);
std::vector<Connection> read_connections(TableReader& root);
std::vector<Collector> read_collectors(TableReader& root, PluginCatalogue& plugins,
                                       const std::vector<Connection>& connections);

}  // namespace baselined::config
