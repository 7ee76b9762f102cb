#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "daemon/config/did_you_mean.h"
#include "daemon/main/commands.h"
#include "daemon/main/known_names.h"
#include "daemon/main/kpi_text.h"
#include "daemon/main/table.h"
#include "daemon/main/values.h"

namespace baselined {
namespace {

constexpr const char* kWholeHistory = "all";

// The whole history has no ends yet: see resolve().
Result<kpi::Window> window_named(const std::string& name, UtcTime now, const TimeZone& zone) {
  if (name == kWholeHistory) {
    return kpi::Window{name, now, now};
  }
  auto window = kpi::last_days(name, now, zone);
  if (window) {
    return window;
  }
  std::vector<std::string> known(std::begin(kStandardWindows), std::end(kStandardWindows));
  known.emplace_back(kWholeHistory);
  return Error(window.error().code(),
               fmt::format("{}, nor '{}', the whole history{}", window.error().message(),
                           kWholeHistory, config::did_you_mean(name, known)));
}

Result<std::vector<kpi::Window>> windows_of(const Arguments& arguments, const Settings& settings) {
  std::vector<kpi::Window> windows;
  if (arguments.from && arguments.to) {
    BL_TRY(auto window, kpi::explicit_window(*arguments.from, *arguments.to, settings.zone));
    const LocalDate tomorrow = settings.zone.day_of(SystemClock().now()) + std::chrono::days(1);
    if (window.to > settings.zone.start_of(tomorrow)) {
      return Error(Error::Code::data,
                   fmt::format("--to {} lies in the future, of which nothing is known; the latest "
                               "is {}, the end of today",
                               *arguments.to, format_date(tomorrow)));
    }
    windows.push_back(std::move(window));
    return windows;
  }
  std::vector<std::string> names(std::begin(kStandardWindows), std::end(kStandardWindows));
  if (arguments.window) {
    names = {*arguments.window};
  } else if (arguments.command == Command::kpi_show) {
    names = {"28d"};
  }
  const UtcTime now = SystemClock().now();
  for (const std::string& name : names) {
    BL_TRY(auto window, window_named(name, now, settings.zone));
    windows.push_back(std::move(window));
  }
  return windows;
}

Status resolve(std::vector<kpi::Window>& windows, const Settings& settings, Values& values) {
  for (kpi::Window& window : windows) {
    if (window.name == kWholeHistory) {
      BL_TRY(window, values.whole_history(settings.zone, SystemClock().now()));
    }
  }
  return {};
}

int list(bool as_json) {
  json::array all;
  Table table({"ID", "TITLE", "TITEL", "UNIT", "BETTER"});
  for (const kpi::Definition& definition : kpi::Catalogue::built_in().all()) {
    all.push_back(to_json(definition));
    table.add({definition.id, definition.title_en, definition.title_nl, definition.unit,
               definition.better});
  }
  std::printf("%s", as_json ? (pretty_json(all) + "\n").c_str() : table.text().c_str());
  return 0;
}

void print_json(const std::vector<kpi::KpiResult>& results) {
  if (results.size() == 1) {
    std::printf("%s\n", pretty_json(to_json(results.front())).c_str());
    return;
  }
  json::array all;
  for (const kpi::KpiResult& result : results) {
    all.push_back(to_json(result));
  }
  std::printf("%s\n", pretty_json(all).c_str());
}

// A date stands for its local midnight; any other end is shown with its time.
std::string end_title(UtcTime end, const TimeZone& zone) {
  const LocalDate day = zone.day_of(end);
  return zone.start_of(day) == end ? format_date(day) : format_rfc3339(end);
}

std::string window_title(const kpi::Window& window, const TimeZone& zone) {
  return window.name.empty()
             ? fmt::format("{} to {}", end_title(window.from, zone), end_title(window.to, zone))
             : window.name;
}

// One row per service and KPI, one column per window. `results` is sorted so.
void print_table(const std::vector<kpi::KpiResult>& results,
                 const std::vector<kpi::Window>& windows, const TimeZone& zone) {
  std::vector<std::string> header = {"SERVICE", "KPI"};
  for (const kpi::Window& window : windows) {
    header.push_back(window_title(window, zone));
  }
  Table table(std::move(header));
  bool any_provisional = false;
  bool any_guessed = false;
  std::set<std::string> missing;
  for (std::size_t i = 0; i < results.size(); i += windows.size()) {
    if (const std::string contract = never_collected(results[i]); !contract.empty()) {
      missing.insert(contract);
      continue;
    }
    std::vector<std::string> row = {results[i].service, results[i].definition->id};
    for (std::size_t w = 0; w < windows.size(); ++w) {
      row.push_back(cell_text(results[i + w]));
      any_provisional = any_provisional || row.back().ends_with('*');
      any_guessed = any_guessed || has_guessed_time(results[i + w]);
    }
    table.add(std::move(row));
  }
  fmt::print("{}\n- no value: nothing was measured, which is not zero\n", table.text());
  fmt::print("{}", unknown_text(results));
  if (!missing.empty()) {
    fmt::print("not listed: KPIs that need {}, not collected\n", fmt::join(missing, ", "));
  }
  if (any_guessed) {
    fmt::print(
        "~ a deployment without a time of its own counts at its commit's time: lead times are at "
        "least this, days and gaps may be others\n");
  }
  if (any_provisional) {
    fmt::print("* provisional: an input is not complete past the end of the window yet\n");
  }
}

Result<std::vector<kpi::KpiResult>> compute(kpi::Engine& engine,
                                            const std::vector<const kpi::Definition*>& definitions,
                                            const std::vector<kpi::Window>& windows,
                                            const std::vector<std::string>& services) {
  std::vector<kpi::KpiResult> results;
  for (const std::string& service : services) {
    for (const kpi::Definition* definition : definitions) {
      for (const kpi::Window& window : windows) {
        BL_TRY(auto part, engine.compute(*definition, window, service));
        std::move(part.begin(), part.end(), std::back_inserter(results));
      }
    }
  }
  return results;
}

Result<std::vector<const kpi::Definition*>> definitions_of(const Arguments& arguments) {
  const kpi::Catalogue& catalogue = kpi::Catalogue::built_in();
  std::vector<const kpi::Definition*> definitions;
  if (arguments.command == Command::kpi_show) {
    const kpi::Definition* definition = catalogue.find(arguments.name);
    if (definition == nullptr) {
      std::vector<std::string> known;
      for (const kpi::Definition& each : catalogue.all()) {
        known.push_back(each.id);
      }
      return Error(Error::Code::data,
                   fmt::format("no KPI '{}'{}; see: baselined kpi list", arguments.name,
                               config::did_you_mean(arguments.name, known)));
    }
    definitions.push_back(definition);
    return definitions;
  }
  for (const kpi::Definition& definition : catalogue.all()) {
    definitions.push_back(&definition);
  }
  return definitions;
}

Status show(const Arguments& arguments, const Settings& settings, Values& values,
            const std::vector<const kpi::Definition*>& definitions,
            const std::vector<std::string>& services, std::vector<kpi::Window> windows) {
  BL_CHECK(resolve(windows, settings, values));
  BL_TRY(const auto results, compute(values.engine(), definitions, windows, services));
  if (results.empty()) {
    return Error(Error::Code::data, "no service is known yet: nothing was collected");
  }
  if (arguments.json) {
    print_json(results);
  } else if (arguments.csv) {
    fmt::print("{}", csv_text(results));
  } else if (arguments.command == Command::kpi_show) {
    for (const kpi::KpiResult& result : results) {
      fmt::print("{}\n", detail_text(result));
    }
  } else {
    print_table(results, windows, settings.zone);
  }
  return {};
}

}  // namespace

int kpi_command(const Arguments& arguments) {
  if (arguments.command == Command::kpi_list) {
    return list(arguments.json);
  }
  const auto definitions = definitions_of(arguments);
  if (!definitions) {
    return wrong_usage(definitions.error());
  }
  const auto settings = load_or_complain(arguments.config);
  if (!settings) {
    return kExitConfiguration;
  }
  auto windows = windows_of(arguments, *settings);
  if (!windows) {
    return wrong_usage(windows.error());
  }
  const auto values = Values::open(*settings);
  if (!values) {
    return complain(values.error());
  }
  auto services = (*values)->engine().services();
  if (!services) {
    return complain(services.error());
  }
  if (arguments.service) {
    const std::string& service = *arguments.service;
    if (std::find(services->begin(), services->end(), service) == services->end()) {
      return wrong_usage({Error::Code::data, fmt::format("there is no service '{}'{}", service,
                                                         known_names(service, *services))});
    }
    services = std::vector<std::string>{service};
  }
  const Status shown =
      show(arguments, *settings, **values, *definitions, *services, *std::move(windows));
  return shown ? 0 : complain(shown.error());
}

}  // namespace baselined
