#include <malloc.h>

#include <csignal>
#include <cstdio>

#include "daemon/base/log.h"
#include "daemon/main/commands.h"
#include "daemon/main/reload_signal.h"

namespace baselined {

int complain(const Error& error) {
  std::fprintf(stderr, "baselined: %s\n", error.message().c_str());
  return error.code() == Error::Code::config ? kExitConfiguration : kExitFailed;
}

int wrong_usage(const Error& error) {
  complain(error);
  return kExitUsage;
}

namespace {

int dispatch(const Arguments& arguments) {
  switch (arguments.command) {
    case Command::run:
      return run_command(arguments);
    case Command::check:
      return check_command(arguments);
    case Command::collect:
      return collect_command(arguments);
    case Command::plugins_list:
    case Command::plugins_show:
      return plugins_command(arguments);
    case Command::status:
      return status_command(arguments);
    case Command::kpi_table:
    case Command::kpi_list:
    case Command::kpi_show:
      return kpi_command(arguments);
    case Command::store_info:
    case Command::store_check:
      return store_command(arguments);
  }
  return kExitUsage;
}

// The exit code, or failure where what was printed did not arrive.
int flushed(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) {
    return code;
  }
  std::fprintf(stderr, "baselined: standard output could not be written\n");
  return kExitFailed;
}

}  // namespace
}  // namespace baselined

int main(int argc, char** argv) {
  baselined::hold_reload_signal();  // first of all; run_command() releases it
  // Two heaps for all threads, not one each: an idle daemon is small.
  ::mallopt(M_ARENA_MAX, 2);
  // A client that went away must not end the daemon.
  std::signal(SIGPIPE, SIG_IGN);
  // A worker has no exit status where whoever started us had this ignored.
  std::signal(SIGCHLD, SIG_DFL);
  try {
    const auto parsed = baselined::parse_arguments(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) {
      return baselined::flushed(*code);
    }
    const auto& arguments = std::get<baselined::Arguments>(parsed);
    if (arguments.command != baselined::Command::run) {
      baselined::release_reload_signal();
      baselined::log::set_level(baselined::log::Level::warn);
    }
    return baselined::flushed(baselined::dispatch(arguments));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "baselined: unexpected failure: %s\n", error.what());
    return baselined::kExitFailed;
  }
}
