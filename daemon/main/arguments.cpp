#include "daemon/main/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "daemon/config/did_you_mean.h"
#include "daemon/main/version.h"

namespace baselined {
namespace {

constexpr const char* kFooter = R"(
First steps:
  baselined plugins list                      which collectors are installed
  baselined plugins show git                  the options of one, as a ready TOML sample
  baselined check   --config baselined.toml   is the configuration right?
  baselined collect NAME --config FILE        one collection now, with a progress bar
  baselined kpi     --config FILE             the table of KPIs
  baselined run     --config FILE             the daemon; Prometheus scrapes http://127.0.0.1:9787/metrics

Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration.)";

constexpr const char* kEveryKey =
    "Every key of the configuration, its type and its default: daemon/config/README.md of the "
    "sources,\nsection \"Every key\". The options of a plugin: baselined plugins show NAME.";

// The option that a word names, with or without "=value".
const CLI::Option* option_of(const CLI::App& command, const std::string& word) {
  return command.get_option_no_throw(word.substr(0, word.find('=')));
}

std::string unknown_option(const CLI::App& command, const std::string& word) {
  const std::string option = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const CLI::Option* each : command.get_options()) {
    known.push_back("--" + each->get_single_name());
  }
  return fmt::format("unknown option '{}'{}", option, config::did_you_mean(option, known));
}

// What CLI11 does not name well: a mistyped command or option, with what was probably meant.
std::string unknown_word(const CLI::App& program, int argc, const char* const* argv) {
  const CLI::App* command = &program;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("-")) {
      const CLI::Option* option = option_of(*command, word);
      if (option == nullptr && word.starts_with("--")) {
        return unknown_option(*command, word);
      }
      const bool has_value = option != nullptr && option->get_items_expected_max() > 0;
      i += has_value && word.find('=') == std::string::npos ? 1 : 0;
      continue;
    }
    const CLI::App* next = nullptr;
    std::vector<std::string> known;
    for (const CLI::App* each : command->get_subcommands({})) {
      known.push_back(each->get_name());
      next = known.back() == word ? each : next;
    }
    if (next != nullptr) {
      command = next;
    } else if (!known.empty()) {
      return fmt::format("unknown command '{}'{}", word, config::did_you_mean(word, known));
    }
  }
  return {};
}

// CLI11 takes an empty file name for a file name.
std::string no_file_named(const std::string& file) {
  return file.empty() ? "no file is named; write --config FILE" : "";
}

class Parser {
 public:
  Parser() {
    app_.set_version_flag("--version", std::string("baselined ") + kVersion);
    app_.require_subcommand(1);
    app_.footer(kFooter);
    app_.get_formatter()->column_width(36);
    add_run_and_check();
    add_collect();
    add_plugins();
    add_kpi();
    add_status_and_store();
  }

  std::variant<Arguments, int> parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& asked) {
      return app_.exit(asked, std::cout, std::cerr);
    } catch (const CLI::ParseError& error) {
      const std::string unknown = unknown_word(app_, argc, argv);
      fmt::print(stderr, "baselined: {}\nRun it with --help for more.\n",
                 unknown.empty() ? error.what() : unknown);
      return kExitUsage;
    }
    return arguments_;
  }

 private:
  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& text,
                Command command) {
    CLI::App* added = parent.add_subcommand(name, text);
    added->callback([this, added, command] {
      if (added->get_subcommands().empty()) {
        arguments_.command = command;
      }
    });
    added->add_option("-c,--config", arguments_.config, "The configuration file")
        ->check(CLI::Validator(no_file_named, ""))
        ->capture_default_str();
    return added;
  }
  // A command whose subcommands decide what is done.
  CLI::App* add_group(const std::string& name, const std::string& text) {
    CLI::App* group = app_.add_subcommand(name, text);
    group->require_subcommand(1);
    return group;
  }
  void add_json(CLI::App* command) {
    command->add_flag("--json", arguments_.json, "Print JSON, a documented interface");
  }

  void add_run_and_check() {
    add(app_, "run", "Run the daemon in the foreground", Command::run);
    CLI::App* check =
        add(app_, "check", "Check a configuration without running anything", Command::check);
    check->footer(fmt::format("{}\n{}", kEveryKey, kFooter));
    add_json(check);
  }

  void add_collect() {
    CLI::App* collect = add(app_, "collect", "Run one collection now", Command::collect);
    collect->add_option("NAME", arguments_.name, "The collector's name in the configuration")
        ->required();
    CLI::Option* dry_run = collect->add_flag(
        "--dry-run", arguments_.dry_run,
        "Print the records as JSON, one per line, from the beginning; store nothing");
    CLI::Option* full =
        collect->add_flag("--full", arguments_.full, "Read everything again, not only what is new");
    CLI::Option* since = collect->add_option("--since", arguments_.since,
                                             "Read again from this date or RFC 3339 time");
    CLI::Option* until = collect->add_option("--until", arguments_.until,
                                             "Read again up to this date or time (default: now)");
    full->excludes(since);
    until->needs(since);
    collect->add_flag("--json", arguments_.json, "Print the outcome as JSON")->excludes(dry_run);
    CLI::Option* record = collect->add_option(
        "--record", arguments_.record,
        "Keep every request over HTTP and its answer in this new folder, without credentials");
    collect
        ->add_option("--replay", arguments_.replay,
                     "Answer every request from a folder that --record made; ask no source")
        ->excludes(record);
  }

  void add_plugins() {
    CLI::App* plugins = add_group("plugins", "Installed plugins");
    add_json(add(*plugins, "list", "All installed plugins", Command::plugins_list));
    CLI::App* show =
        add(*plugins, "show", "One plugin: what it emits, its options", Command::plugins_show);
    show->add_option("NAME", arguments_.name, "The plugin's name, such as git")->required();
    add_json(show);
  }

  void add_values(CLI::App* command) {
    command->add_option("--service", arguments_.service, "Only this service");
    CLI::Option* window = command->add_option(
        "--window", arguments_.window,
        "The last N complete days, such as 7d, 28d or 91d; or all, the whole history");
    CLI::Option* from =
        command->add_option("--from", arguments_.from, "Start: a date (local) or an RFC 3339 time");
    CLI::Option* to = command->add_option("--to", arguments_.to, "End, not included");
    from->needs(to);
    to->needs(from);
    window->excludes(from);
    CLI::Option* json =
        command->add_flag("--json", arguments_.json, "Print JSON, a documented interface");
    command->add_flag("--csv", arguments_.csv, "Print CSV")->excludes(json);
  }

  void add_kpi() {
    CLI::App* kpi = add(app_, "kpi", "KPIs and their values", Command::kpi_table);
    add_values(kpi);
    add_json(add(*kpi, "list", "The catalogue: definitions of all KPIs", Command::kpi_list));
    CLI::App* show = add(*kpi, "show", "One KPI in detail", Command::kpi_show);
    show->add_option("ID", arguments_.name, "The KPI's id, such as dora_deployment_frequency")
        ->required();
    add_values(show);
    // Last: a subcommand takes over the footer that its command has when it is added.
    kpi->footer("Without a subcommand: a table of all KPIs of all services.");
  }

  void add_status_and_store() {
    add_json(add(app_, "status", "How each collector is doing", Command::status));
    CLI::App* store = add_group("store", "The database");
    add_json(add(*store, "info", "What is in it", Command::store_info));
    add_json(add(*store, "check", "Look for corruption", Command::store_check));
  }

  CLI::App app_{
      "Measures software delivery, cost and people against a frozen baseline, and exposes the "
      "numbers to Prometheus.",
      "baselined"};
  Arguments arguments_;
};

}  // namespace

std::variant<Arguments, int> parse_arguments(int argc, const char* const* argv) {
  return Parser().parse(argc, argv);
}

}  // namespace baselined
