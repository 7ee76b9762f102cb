#include "daemon/config/configuration.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "daemon/base/digest.h"
#include "daemon/config/problems.h"
#include "daemon/config/sections.h"

namespace baselined::config {
namespace {

// One byte more than allowed, at most: enough to see that it is too large.
Result<std::string> read_file(const std::filesystem::path& file) {
  std::error_code failure;
  const auto status = std::filesystem::status(file, failure);
  if (failure) {
    return Error(Error::Code::config, "cannot be read: " + failure.message());
  }
  if (!std::filesystem::is_regular_file(status)) {
    return Error(Error::Code::config, "is not a regular file");
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return Error(Error::Code::config, "cannot be read: " + std::generic_category().message(errno));
  }
  std::string bytes(kMaxTomlBytes + 1, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (stream.bad()) {
    return Error(Error::Code::config, "cannot be read");
  }
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

Loaded one_problem(Problems& problems, Location where, std::string message) {
  problems.add(where, std::move(message));
  return {std::nullopt, problems.take()};
}

}  // namespace

Loaded load_configuration(const std::filesystem::path& file, SchemaSource& schemas) {
  Problems problems(file.string());
  const auto bytes = read_file(file);
  if (!bytes) {
    return one_problem(problems, {}, bytes.error().message());
  }
  const auto table = parse_toml_located(*bytes);
  if (!table) {
    const TomlError& error = table.error();
    return one_problem(problems, {error.line, error.column}, error.message);
  }
  Configuration configuration;
  configuration.file = file;
  configuration.hash = to_hex(sha256(*bytes));
  TableReader root(*table, {1, 1}, "at the top level", problems);
  configuration.daemon = read_daemon(root);
  configuration.web = read_web(root);
  PluginCatalogue plugins(configuration.daemon, schemas);
  configuration.connections = read_connections(root);
  configuration.collectors = read_collectors(root, plugins, configuration.connections);
  for (Collector& collector : configuration.collectors) {
    collector.sandbox = configuration.daemon.sandbox;
  }
  configuration.services = read_services(root);
  configuration.repositories = read_repositories(root);
  root.report_unknown_keys();
  if (!problems.empty()) {
    return {std::nullopt, problems.take()};
  }
  return {std::move(configuration), {}};
}

}  // namespace baselined::config
