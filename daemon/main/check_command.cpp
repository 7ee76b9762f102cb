#include <cstdio>

#include "daemon/main/commands.h"
#include "daemon/main/settings.h"

namespace baselined {
namespace {

json::value to_json(const config::Problem& problem) {
  return json::object{{"file", problem.file},
                      {"line", problem.where.line},
                      {"column", problem.where.column},
                      {"message", problem.message}};
}

}  // namespace

int check_command(const Arguments& arguments) {
  const LoadedSettings loaded = load_settings(arguments.config);
  if (arguments.json) {
    json::array problems;
    for (const config::Problem& problem : loaded.problems) {
      problems.push_back(to_json(problem));
    }
    const json::object report{{"ok", loaded.settings != nullptr},
                              {"problems", std::move(problems)}};
    std::printf("%s\n", pretty_json(report).c_str());
  } else if (loaded.settings) {
    std::printf("%s: ok (%zu collectors, %zu services)\n", arguments.config.c_str(),
                loaded.settings->configuration.collectors.size(),
                loaded.settings->configuration.services.size());
  } else {
    for (const config::Problem& problem : loaded.problems) {
      std::fprintf(stderr, "%s\n", problem.text().c_str());
    }
    std::fprintf(stderr, "%zu problem%s\n", loaded.problems.size(),
                 loaded.problems.size() == 1 ? "" : "s");
  }
  return loaded.settings ? 0 : kExitConfiguration;
}

}  // namespace baselined
