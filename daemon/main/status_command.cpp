#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "daemon/main/collector_status.h"
#include "daemon/main/commands.h"
#include "daemon/main/requests.h"
#include "daemon/main/table.h"
#include "daemon/store/store.h"

namespace baselined {
namespace {

// From the database: no daemon runs.
Result<json::object> stored_status(const Settings& settings) {
  const auto& state_dir = settings.configuration.daemon.state_dir;
  BL_TRY(auto reader, store::open_existing(state_dir, store::OpenCheck::none));
  BL_TRY(auto statuses, read_statuses(reader ? &*reader : nullptr, settings));
  const bool has_writer = store::find_writer(state_dir).has_value();
  for (CollectorStatus& status : statuses) {
    if (status.unfinished_since && has_writer) {
      status.state = "running";
    } else if (status.unfinished_since) {
      status.state = "failing";
      status.reason = fmt::format("the run of {} has no end: its process was killed, or crashed",
                                  format_rfc3339(*status.unfinished_since));
    }
  }
  json::object status = to_json(statuses, SystemClock().now()).as_object();
  status["daemon"] = nullptr;
  return status;
}

std::string text_or_dash(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : "-";
}

std::string sandbox_text(const json::value& sandbox) {
  if (!sandbox.is_object()) {
    return "plugins: none has run yet";
  }
  const auto landlock = sandbox.as_object().at("landlock").to_number<std::uint32_t>();
  return fmt::format("plugins are confined by {} and {}",
                     landlock == 0 ? "no Landlock" : fmt::format("Landlock (level {})", landlock),
                     sandbox.as_object().at("seccomp").as_bool() ? "seccomp" : "no seccomp");
}

void print(const json::object& status, const std::optional<std::string>& writer) {
  if (const json::value& daemon = status.at("daemon"); daemon.is_object()) {
    fmt::print("daemon {}, metrics at {}\n{}\n\n", text_or_dash(daemon.as_object().at("version")),
               text_or_dash(daemon.as_object().at("metrics")),
               sandbox_text(daemon.as_object().at("sandbox")));
  } else if (writer) {
    fmt::print("no daemon answers, but {} writes to the database\n\n", *writer);
  } else {
    std::printf("no daemon is running\n\n");
  }
  Table table({"COLLECTOR", "PLUGIN", "STATE", "LAST SUCCESS", "ROWS", "CHANGED", "NEXT RUN"});
  std::string reasons;
  for (const json::value& each : status.at("collectors").as_array()) {
    const json::object& collector = each.as_object();
    const std::string name = text_or_dash(collector.at("name"));
    table.add({name, text_or_dash(collector.at("plugin")), text_or_dash(collector.at("state")),
               text_or_dash(collector.at("last_success")),
               std::to_string(collector.at("rows").to_number<std::uint64_t>()),
               std::to_string(collector.at("changed").to_number<std::uint64_t>()),
               text_or_dash(collector.at("next_run"))});
    if (collector.at("reason").is_string()) {
      reasons += fmt::format("\n{}: {}\n", name, text_or_dash(collector.at("reason")));
    }
  }
  fmt::print("{}{}", table.text(), reasons);
}

}  // namespace

int status_command(const Arguments& arguments) {
  const auto settings = load_or_complain(arguments.config);
  if (!settings) {
    return kExitConfiguration;
  }
  auto status = ask_daemon(*settings, {{"command", "status"}}, nullptr);
  if (!status) {
    return complain(status.error());
  }
  Result<json::object> shown =
      *status ? Result<json::object>(**std::move(status)) : stored_status(*settings);
  if (!shown) {
    return complain(shown.error());
  }
  shown->erase("done");
  if (arguments.json) {
    std::printf("%s\n", pretty_json(*shown).c_str());
  } else {
    print(*shown, store::find_writer(settings->configuration.daemon.state_dir));
  }
  return 0;
}

}  // namespace baselined
