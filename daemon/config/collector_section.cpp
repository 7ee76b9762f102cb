// [[collector]].
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/config/capabilities.h"
#include "daemon/config/did_you_mean.h"
#include "daemon/config/option_check.h"
#include "daemon/config/sections.h"
#include "daemon/config/unique_name.h"

namespace baselined::config {
namespace {

constexpr Microseconds kShortest = std::chrono::seconds(1);
constexpr Microseconds kLongest = std::chrono::days(366);

class CollectorReader {
 public:
  CollectorReader(TableReader& table, PluginCatalogue& plugins,
                  const std::vector<Connection>& connections, Names& names)
      : table_(table),
        problems_(table.problems()),
        plugins_(plugins),
        connections_(connections),
        names_(names) {}

  Collector read() {
    collector_.where = table_.where();
    collector_.name = read_unique_name(table_, "collector", TextFormat::name, names_);
    read_plugin();
    collector_.every = table_.duration("every", kShortest, kLongest, collector_.every);
    collector_.timeout = table_.duration("timeout", kShortest, kLongest, collector_.timeout);
    read_limits();
    read_pin();
    read_allow();
    read_connection();
    read_options();
    table_.report_unknown_keys();
    return std::move(collector_);
  }

 private:
  void read_plugin() {
    const auto name = table_.required_text("plugin");
    if (!name) {
      return;
    }
    const std::string problem = problem_with(TextFormat::name, name->value);
    if (!problem.empty()) {
      problems_.add(name->where, "'plugin' " + problem);
      return;
    }
    collector_.plugin = name->value;
    const PluginCatalogue::Answer answer = plugins_.find(name->value);
    if (!answer.problem.empty()) {
      problems_.add(name->where, answer.problem);
    }
    plugin_ = answer.plugin;
    if (plugin_ != nullptr) {
      collector_.plugin_file = plugin_->file;
      collector_.manifest = plugin_->manifest;
    }
  }

  void read_allow() {
    for (const Text& name : table_.texts("allow")) {
      if (!is_capability(name.value)) {
        problems_.add(name.where,
                      fmt::format("'allow' names the unknown capability '{}'{}", name.value,
                                  did_you_mean(name.value, known_capabilities())));
      } else if (!contains(collector_.allow, name.value)) {
        collector_.allow.push_back(name.value);
      }
    }
    if (plugin_ == nullptr) {
      return;
    }
    const auto missing = missing_capabilities(plugin_->manifest.capabilities, collector_.allow);
    if (missing.empty()) {
      return;
    }
    std::vector<std::string> all = collector_.allow;
    all.insert(all.end(), missing.begin(), missing.end());
    problems_.add(table_.place_of_value("allow"),
                  fmt::format("plugin '{}' asks for {}, which this collector does not grant; to "
                              "grant it, write: {}",
                              collector_.plugin, fmt::join(missing, ", "), allow_line(all)));
  }

  // A plugin that asks for HTTP needs one; for another it would mean nothing.
  void read_connection() {
    const auto connection = table_.text("connection");
    const bool uses_http = plugin_ == nullptr || contains(plugin_->manifest.capabilities, "http");
    if (!connection) {
      if (plugin_ != nullptr && uses_http && !table_.has("connection")) {
        problems_.add(table_.where(),
                      fmt::format("plugin '{}' asks for HTTP: write connection = \"NAME\", with a "
                                  "[[connection]] of that name",
                                  collector_.plugin));
      }
      return;
    }
    std::vector<std::string> names;
    for (const Connection& known : connections_) {
      names.push_back(known.name);
      if (known.name == connection->value) {
        collector_.base_url = known.base_url;
      }
    }
    if (!contains(names, connection->value)) {
      problems_.add(connection->where,
                    fmt::format("there is no connection '{}'{}", connection->value,
                                did_you_mean(connection->value, names)));
    } else if (!uses_http) {
      problems_.add(connection->where, fmt::format("plugin '{}' uses no connection: it does not "
                                                   "ask for the capability http",
                                                   collector_.plugin));
    }
    collector_.connection = connection->value;
  }

  static bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }

  void read_limits() {
    auto table = table_.table("limits", "in [collector.limits]");
    if (!table) {
      return;
    }
    Limits& limits = collector_.limits;
    const Microseconds cpu = table->duration("cpu", kShortest, kLongest, Microseconds(0));
    limits.cpu = cpu > Microseconds(0) ? std::optional(cpu) : std::nullopt;
    limits.memory_mib = table->number("memory_mib", 64, 1'048'576, limits.memory_mib);
    limits.rows = table->number("rows", 1, 1'000'000'000'000, limits.rows);
    limits.data_mib = table->number("data_mib", 1, 1'048'576, limits.data_mib);
    limits.log_lines = table->number("log_lines", 0, 1'000'000'000, limits.log_lines);
    limits.requests = table->number("requests", 1, 1'000'000'000, limits.requests);
    limits.response_mib = table->number("response_mib", 1, 1'048'576, limits.response_mib);
    table->report_unknown_keys();
  }

  // Compared again when a run begins: the file can change after this.
  void read_pin() {
    const auto pin = table_.text("sha256");
    if (!pin) {
      return;
    }
    const bool is_hex = pin->value.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (pin->value.size() != 64 || !is_hex) {
      problems_.add(pin->where,
                    "'sha256' must be 64 digits, 0-9 and a-f; see: sha256sum PLUGIN.so");
      return;
    }
    collector_.sha256 = pin->value;
    if (plugin_ != nullptr && plugin_->manifest.sha256 != pin->value) {
      problems_.add(pin->where,
                    fmt::format("{} has another SHA-256, {}; install the file that this one is of, "
                                "or write that one where you trust the file",
                                plugin_->file.string(), plugin_->manifest.sha256));
    }
  }

  void read_options() {
    const toml::table* options = table_.raw_table("options");
    if (plugin_ == nullptr || (options == nullptr && table_.has("options"))) {
      return;
    }
    CheckedOptions checked =
        check_options(options, table_.place_of_value("options"), plugin_->schema);
    for (OptionProblem& problem : checked.problems) {
      problems_.add(problem.where,
                    fmt::format("plugin '{}': {}", collector_.plugin, problem.message));
    }
    collector_.options = std::move(checked.values);
    collector_.paths = std::move(checked.paths);
  }

  TableReader& table_;
  Problems& problems_;
  PluginCatalogue& plugins_;
  const std::vector<Connection>& connections_;
  Names& names_;
  const PluginCatalogue::Plugin* plugin_ = nullptr;
  Collector collector_;
};

}  // namespace

std::vector<Collector> read_collectors(TableReader& root, PluginCatalogue& plugins,
                                       const std::vector<Connection>& connections) {
  std::vector<Collector> collectors;
  Names names;
  for (TableReader& table : root.tables("collector")) {
    collectors.push_back(CollectorReader(table, plugins, connections, names).read());
  }
  return collectors;
}

}  // namespace baselined::config
