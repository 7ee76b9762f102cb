// `collect NAME`: through the running daemon, else with a pipeline of our own under the writer
// lock; `--dry-run` needs neither store nor daemon.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdio>
#include <random>

#include "daemon/base/digest.h"
#include "daemon/kpi/engine.h"
#include "daemon/main/commands.h"
#include "daemon/main/dry_run_sink.h"
#include "daemon/main/known_names.h"
#include "daemon/main/pipeline.h"
#include "daemon/main/requests.h"
#include "daemon/main/run_json.h"
#include "daemon/main/table.h"
#include "daemon/main/tape.h"

namespace baselined {
namespace asio = boost::asio;

namespace {

Result<host::RunRequest> request_of(const Arguments& arguments, const Settings& settings) {
  const config::Collector* collector = settings.find_collector(arguments.name);
  if (collector == nullptr) {
    std::vector<std::string> known;
    for (const auto& each : settings.configuration.collectors) {
      known.push_back(each.name);
    }
    return Error(Error::Code::config,
                 fmt::format("{} has no collector '{}'{}", arguments.config.string(),
                             arguments.name, known_names(arguments.name, known)));
  }
  host::RunRequest request;
  request.collector = *collector;
  if (arguments.full) {
    request.mode = wire::RunMode::full;
  } else if (arguments.since) {
    const std::string until = arguments.until.value_or(format_rfc3339(SystemClock().now()));
    BL_TRY(const kpi::Window span, kpi::explicit_window(*arguments.since, until, settings.zone));
    request.mode = wire::RunMode::backfill;
    request.window_begin_us = to_us(span.from);
    request.window_end_us = to_us(span.to);
  }
  return request;
}

json::object control_request(const host::RunRequest& request) {
  return {{"command", "collect"},
          {"collector", request.collector.name},
          {"mode", static_cast<int>(request.mode)},
          {"since_us", request.window_begin_us},
          {"until_us", request.window_end_us}};
}

std::uint64_t member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Ctrl-C and SIGTERM end the run, not the program in mid-air.
template <class Cancel>
void run_until_done(asio::io_context& context, const bool& is_done, Cancel cancel) {
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&cancel](boost::system::error_code failure, int) {
    if (!failure) {
      cancel();
    }
  });
  while (!is_done && context.run_one() != 0) {
  }
}

Result<json::object> collect_here(const Settings& settings, const host::RunRequest& request,
                                  const Tape& tape, ProgressBar& bar) {
  asio::io_context context;
  BL_TRY(auto pipeline, Pipeline::open(context, settings, tape.egress(), store::OpenCheck::none,
                                       store::OnDamage::refuse));
  bool is_done = false;
  json::object outcome;
  pipeline->collect(
      request,
      [&bar](const host::RunProgress& progress) {
        bar.show(progress.done, progress.total, progress.unit);
      },
      [&](const Collected& collected) {
        outcome = to_json(collected.report);
        is_done = true;
      });
  run_until_done(context, is_done, [&pipeline] { pipeline->cancel_all(); });
  return outcome;
}

Result<json::object> collect(const Settings& settings, const host::RunRequest& request,
                             const Tape& tape) {
  ProgressBar bar(request.collector.name);
  if (tape.frozen_now()) {
    // A daemon sends requests of its own; where one runs, its lock refuses this.
    return collect_here(settings, request, tape, bar);
  }
  const auto on_line = [&bar](const json::object& line) {
    bar.show(member(line, "progress"), member(line, "total"), text_of(line, "unit"));
  };
  BL_TRY(auto answer, ask_daemon(settings, control_request(request), on_line));
  if (answer) {
    answer->erase("done");
    return *std::move(answer);
  }
  return collect_here(settings, request, tape, bar);
}

void print_outcome(const std::string& collector, const json::object& outcome) {
  std::string rows;
  for (const auto& contract : outcome.at("rows").as_object()) {
    rows +=
        fmt::format("{}{} {}", rows.empty() ? "" : ", ",
                    contract.value().to_number<std::uint64_t>(), std::string_view(contract.key()));
  }
  const std::string result = text_of(outcome, "outcome");
  fmt::print("{}: {} in {:.1f} s; rows read: {}; {} new, {} changed, {} removed, {} unchanged\n",
             collector, result == "ok" ? result : fmt::format("failed ({})", result),
             outcome.at("seconds").to_number<double>(), rows.empty() ? "none" : rows,
             member(outcome, "inserted"), member(outcome, "updated"), member(outcome, "removed"),
             member(outcome, "unchanged"));
}

// Pseudonyms of a dry run are consistent within it and worthless afterwards.
std::string throwaway_key() {
  std::random_device random;
  std::string key;
  for (int i = 0; i < 8; ++i) {
    key += std::to_string(random());
  }
  return key;
}

int dry_run(const Settings& settings, host::RunRequest request, Tape& tape) {
  asio::io_context context;
  asio::thread_pool writer(1);
  host::HostOptions options;
  options.plugins = settings.plugins;
  options.egress = tape.egress();
  options.staging_dir = std::filesystem::temp_directory_path();
  host::Host host(context, writer.get_executor(),
                  std::make_shared<records::Pseudonymiser>(throwaway_key(), "dry-run"), options);
  bool is_done = false;
  host::RunReport report;
  asio::co_spawn(
      context,
      host.run(std::move(request), std::make_unique<DryRunSink>(), [](const host::RunProgress&) {}),
      [&](const std::exception_ptr& thrown, host::RunReport finished) {
        report = std::move(finished);
        if (thrown) {
          report.failure = Error(Error::Code::internal, "the host failed unexpectedly");
        }
        is_done = true;
      });
  run_until_done(context, is_done, [&host] { host.cancel_all(); });
  writer.join();
  const Status finished = tape.finish();
  const Status outcome = report.failure ? Status(*report.failure) : finished;
  return outcome ? 0 : complain(outcome.error());
}

}  // namespace

int collect_command(const Arguments& arguments) {
  const auto settings = load_or_complain(arguments.config);
  if (!settings) {
    return kExitConfiguration;
  }
  auto request = request_of(arguments, *settings);
  if (!request) {
    return wrong_usage(request.error());
  }
  auto tape = Tape::open(arguments, *settings, request->collector);
  if (!tape) {
    return complain(tape.error());
  }
  request->frozen_now = tape->frozen_now();
  if (arguments.dry_run) {
    return dry_run(*settings, *std::move(request), *tape);
  }
  const auto outcome = collect(*settings, *request, *tape);
  if (!outcome) {
    return complain(outcome.error());
  }
  const Status finished = tape->finish();
  if (arguments.json) {
    std::printf("%s\n", pretty_json(*outcome).c_str());
  } else {
    print_outcome(arguments.name, *outcome);
  }
  if (text_of(*outcome, "outcome") == "ok") {
    return finished ? 0 : complain(finished.error());
  }
  std::fprintf(stderr, "baselined: %s\n", text_of(*outcome, "message").c_str());
  return kExitFailed;
}

}  // namespace baselined
