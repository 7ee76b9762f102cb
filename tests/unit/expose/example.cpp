#include "tests/unit/expose/example.h"

#include <zlib.h>

#include <csignal>
#include <sstream>

namespace baselined::test {
namespace {

// The next word after a "# HELP name " or "# TYPE name " prefix, and the rest of the line.
std::pair<std::string, std::string> name_and_rest(std::string_view line) {
  line.remove_prefix(std::string_view("# HELP ").size());
  const std::size_t end = line.find(' ');
  return {std::string(line.substr(0, end)),
          end == std::string_view::npos ? "" : std::string(line.substr(end + 1))};
}

// Names of labels: words directly before an equals sign. Values of the example contain none.
void add_labels(std::string_view sample, std::set<std::string>& labels) {
  std::size_t begin = sample.find('{');
  while (begin != std::string_view::npos) {
    const std::size_t equals = sample.find('=', begin);
    labels.emplace(sample.substr(begin + 1, equals - begin - 1));
    begin = sample.find("\",", equals);
    begin = begin == std::string_view::npos ? begin : begin + 1;
  }
}

}  // namespace

std::vector<kpi::KpiResult> example_results(const std::string& service) {
  std::vector<kpi::KpiResult> results;
  for (const kpi::Definition& definition : kpi::Catalogue::built_in().all()) {
    kpi::KpiResult& result = results.emplace_back();
    result.definition = &definition;
    result.service = service;
    result.window.name = "28d";
    result.n = 12;
    if (definition.kind == kpi::Kind::duration) {
      result.stats = {{"median", 3600}, {"p75", 7200.5}, {"p90", 1e6}};
      result.adjusted = {{"deployment_time_from_commit", 3}};
    } else {
      result.stats = {{"value", 0.25}};
    }
    result.lower = 0.125;
    result.upper = 0.5;
    result.provisional = false;
  }
  return results;
}

expose::CollectorInfo example_collector(const std::string& name) {
  return {name, {"commit/1", "ref/1"}};
}

void tell_everything(expose::SelfMetrics& metrics) {
  const expose::CollectorInfo collectors[] = {example_collector("git")};
  metrics.set_collectors(collectors);
  expose::FinishedRun run;
  run.collector = "git";
  run.outcome = "ok";
  run.duration = std::chrono::milliseconds(1500);
  run.finished_at = example_time();
  run.records["commit/1"] = {5, 4, 3, 2};
  metrics.run_finished(run);
  run.outcome = "internal";
  run.records.clear();
  run.discarded_rows = 7;
  run.exit_signal = SIGSEGV;
  metrics.run_finished(run);
  metrics.set_parked("git", "auth");
  metrics.add_skipped_slots("git", 2);
  metrics.set_store({4096, 1024});
  metrics.set_last_commit(example_time());
  metrics.kpi_refreshed(std::chrono::milliseconds(20), example_time());
  metrics.kpi_refresh_failed();
  metrics.config_loaded(example_time());
  metrics.set_sandbox(2);
}

std::string example_page() {
  expose::SelfMetrics metrics("0.1.0");
  tell_everything(metrics);
  return expose::render_kpis(kpi::Catalogue::built_in().all(), example_results("shop"), 10'000)
             .text +
         metrics.render();
}

std::map<std::string, Family> families_of(std::string_view text) {
  std::map<std::string, Family> families;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      const auto [name, help] = name_and_rest(line);
      families[name].help = help;
    } else if (line.starts_with("# TYPE ")) {
      const auto [name, type] = name_and_rest(line);
      families[name].type = type;
    } else {
      add_labels(line, families[line.substr(0, line.find_first_of("{ "))].labels);
    }
  }
  return families;
}

std::string value_of(std::string_view text, std::string_view series) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series) && line.substr(series.size(), 1) == " ") {
      return line.substr(series.size() + 1);
    }
  }
  return "";
}

std::string gunzip(std::string_view member) {
  constexpr int kGzipOnly = 15 + 16;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) {
    return "(no memory)";
  }
  std::string text(std::size_t{16} << 20U, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(member.data()));
  stream.avail_in = static_cast<uInt>(member.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int result = inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  const bool is_whole = result == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return is_whole ? text : "(broken: " + std::to_string(result) + ")";
}

}  // namespace baselined::test
