// [daemon] and [web].
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "daemon/config/did_you_mean.h"
#include "daemon/config/sections.h"

namespace baselined::config {
namespace {

const std::vector<std::string>& log_levels() {
  static const std::vector<std::string> kLevels = {"debug", "info", "warn", "error"};
  return kLevels;
}

void read_state_dir(TableReader& table, Daemon& daemon) {
  const auto state_dir = table.text("state_dir");
  if (!state_dir) {
    return;
  }
  const std::string problem = problem_with(TextFormat::path, state_dir->value);
  if (!problem.empty()) {
    table.problems().add(state_dir->where, "'state_dir' " + problem);
    return;
  }
  daemon.state_dir = state_dir->value;
}

// The database and the key of the pseudonyms are in it: whoever can write there can replace them.
// What is not there yet will be made with mode 0700.
void check_access(const std::filesystem::path& state_dir, Location where, Problems& problems) {
  using std::filesystem::perms;
  std::error_code failure;
  const auto status = std::filesystem::status(state_dir, failure);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
    problems.add(where, fmt::format("'state_dir' is {}, which is not a directory; name another one",
                                    state_dir.string()));
    return;
  }
  const perms others_write = status.permissions() & (perms::group_write | perms::others_write);
  if (failure || !std::filesystem::is_directory(status) || others_write == perms::none) {
    return;
  }
  problems.add(where, fmt::format("'state_dir' is {0}, in which others may write (mode {1:04o}): "
                                  "chmod go-w {0}",
                                  state_dir.string(), static_cast<unsigned>(status.permissions())));
}

void read_plugin_dirs(TableReader& table, Daemon& daemon) {
  const Location where = table.place_of_value("plugin_dirs");
  const auto dirs = table.texts("plugin_dirs", TextFormat::path);
  if (!table.has("plugin_dirs")) {
    return;
  }
  daemon.plugin_dirs.clear();
  for (const Text& dir : dirs) {
    std::error_code failure;
    if (!std::filesystem::is_directory(dir.value, failure)) {
      table.problems().add(
          dir.where, fmt::format("'plugin_dirs' names '{}', which is no directory", dir.value));
    }
    daemon.plugin_dirs.emplace_back(dir.value);
  }
  if (table.is_empty_array("plugin_dirs")) {
    table.problems().add(where, "'plugin_dirs' must hold at least one directory");
  }
}

void read_timezone(TableReader& table, Daemon& daemon) {
  const auto zone = table.text("timezone");
  if (!zone) {
    return;
  }
  const auto found = TimeZone::find(zone->value);
  if (!found) {
    table.problems().add(zone->where, fmt::format("'timezone': {}{}", found.error().message(),
                                                  did_you_mean(zone->value, TimeZone::names())));
  }
  daemon.timezone = zone->value;
}

void read_log_level(TableReader& table, Daemon& daemon) {
  const auto level = table.text("log_level");
  if (!level) {
    return;
  }
  const auto& levels = log_levels();
  if (std::find(levels.begin(), levels.end(), level->value) == levels.end()) {
    table.problems().add(level->where, "'log_level' must be debug, info, warn or error" +
                                           did_you_mean(level->value, levels));
  }
  daemon.log_level = level->value;
}

void read_sandbox(TableReader& table, Daemon& daemon) {
  const auto policy = table.text("sandbox");
  if (!policy) {
    return;
  }
  if (policy->value == to_string(SandboxPolicy::require)) {
    daemon.sandbox = SandboxPolicy::require;
  } else if (policy->value != to_string(SandboxPolicy::automatic)) {
    table.problems().add(policy->where,
                         "'sandbox' must be auto or require" +
                             did_you_mean(policy->value, {to_string(SandboxPolicy::automatic),
                                                          to_string(SandboxPolicy::require)}));
  }
}

// "127.0.0.1:9787" or "[::1]:9787".
std::optional<Web> parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return std::nullopt;
  }
  std::string host = text.substr(0, colon);
  const bool is_v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_v6) {
    host = host.substr(1, host.size() - 2);
  }
  in6_addr address{};  // room for either kind
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, host.c_str(), &address) != 1) {
    return std::nullopt;
  }
  Web web;
  web.address = host;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data() + colon + 1, end, web.port);
  if (failure != std::errc() || stop != end) {
    return std::nullopt;
  }
  return web;
}

}  // namespace

std::string to_string(SandboxPolicy policy) {
  return policy == SandboxPolicy::require ? "require" : "auto";
}

Daemon read_daemon(TableReader& root) {
  Daemon daemon;
  Location state_dir;
  auto table = root.table("daemon", "in [daemon]");
  if (table) {
    state_dir = table->place_of_value("state_dir");
    read_state_dir(*table, daemon);
    read_plugin_dirs(*table, daemon);
    read_timezone(*table, daemon);
    read_log_level(*table, daemon);
    read_sandbox(*table, daemon);
    table->report_unknown_keys();
  }
  check_access(daemon.state_dir, state_dir, root.problems());
  return daemon;
}

Web read_web(TableReader& root) {
  Web web;
  auto table = root.table("web", "in [web]");
  if (!table) {
    return web;
  }
  if (const auto listen = table->text("listen")) {
    const auto parsed = parse_listen(listen->value);
    if (!parsed) {
      table->problems().add(listen->where,
                            fmt::format("'listen' is '{}'; it must be an IP address and a port, "
                                        "such as 127.0.0.1:9787 or [::1]:9787",
                                        listen->value));
    }
    web = parsed.value_or(web);
  }
  web.max_kpi_series = table->number("max_kpi_series", 1, 1'000'000, web.max_kpi_series);
  table->report_unknown_keys();
  return web;
}

}  // namespace baselined::config
