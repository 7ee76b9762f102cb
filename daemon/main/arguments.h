// The command line: what was asked for, and nothing done yet.
//
// Exit codes of the program: 0 done, 1 failed, 2 usage, 78 configuration (EX_CONFIG).
// Threads: a value.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace baselined {

constexpr const char* kDefaultConfig = "/etc/baselined/baselined.toml";

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitConfiguration = 78;

enum class Command : unsigned char {
  run,
  check,
  collect,
  plugins_list,
  plugins_show,
  status,
  kpi_table,
  kpi_list,
  kpi_show,
  store_info,
  store_check,
};

struct Arguments {
  Command command = Command::run;
  std::filesystem::path config = kDefaultConfig;
  bool json = false;
  bool csv = false;
  // collect NAME, plugins show NAME, kpi show ID
  std::string name;
  // collect
  bool dry_run = false;
  bool full = false;
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::optional<std::filesystem::path> record;  // folder of the cassette
  std::optional<std::filesystem::path> replay;
  // kpi
  std::optional<std::string> service;
  std::optional<std::string> window;
  std::optional<std::string> from;
  std::optional<std::string> to;
};

// What was asked for; or, where there is nothing to do but leave (help, version, wrong usage), the
// exit code, after the text was printed.
std::variant<Arguments, int> parse_arguments(int argc, const char* const* argv);

}  // namespace baselined
