// Runs KPI text tests: kpi_text_test FILE...
//
// Each question is answered twice: from facts that follow the changes, and from facts derived from
// scratch. Both must be what the file says. Exit code 0: all are; 1: a difference, shown line by
// line; 2: a file that cannot be read.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tests/kpi/render.h"
#include "tests/kpi/world.h"

namespace baselined::kpi_text {
namespace {

void show_lines(const char* title, const std::vector<std::string>& lines,
                const std::vector<std::string>& others) {
  fmt::print("  {}:\n", title);
  for (const std::string& line : lines) {
    const bool is_common = std::find(others.begin(), others.end(), line) != others.end();
    fmt::print("  {} {}\n", is_common ? ' ' : '!', line);
  }
  if (lines.empty()) {
    fmt::print("  ! (nothing)\n");
  }
}

Result<bool> is_as_expected(World& world, const Question& question, bool from_scratch,
                            const std::string& place) {
  BL_TRY(const std::vector<kpi::KpiResult> results, world.ask(question, from_scratch));
  std::vector<std::string> actual;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const bool with_interval = i < question.expected.size() &&
                               question.expected[i].find(" interval ") != std::string::npos;
    actual.push_back(tidy(render(results[i], with_interval)));
  }
  if (actual == question.expected) {
    return true;
  }
  fmt::print("{}: {} is not what it should be{}\n", place, question.kpi,
             from_scratch ? ", when all facts are derived from scratch" : "");
  show_lines("expected", question.expected, actual);
  show_lines("actual", actual, question.expected);
  return false;
}

// One step of a script. False: a difference was shown.
class RunStep {
 public:
  RunStep(World& world, std::string place) : world_(world), place_(std::move(place)) {}

  Result<bool> operator()(const Question& question) {
    BL_TRY(const bool followed, is_as_expected(world_, question, false, place_));
    BL_TRY(const bool derived, is_as_expected(world_, question, true, place_));
    return followed && derived;
  }
  template <class Statement>
  Result<bool> operator()(const Statement& statement) {
    BL_CHECK(world_.apply(statement));
    return true;
  }

 private:
  World& world_;
  std::string place_;
};

Result<bool> run_steps(World& world, const Script& script, const std::string& file) {
  bool all_right = true;
  for (const Step& step : script.steps) {
    const std::string place = fmt::format("{}:{}", file, step.line);
    Result<bool> right = std::visit(RunStep(world, place), step.what);
    if (!right) {
      return std::move(right).error().with(place);
    }
    all_right = all_right && *right;
  }
  return all_right;
}

Result<bool> run_file(const std::string& file) {
  BL_TRY(const Script script, read_script(file));
  const auto directory =
      std::filesystem::temp_directory_path() / fmt::format("baselined-kpi-text-{}", ::getpid());
  BL_TRY(const std::unique_ptr<World> world, World::create(directory, script.zone));
  return run_steps(*world, script, file);
}

int run(int count, char** names) {
  int code = count > 1 ? 0 : 2;
  for (int i = 1; i < count; ++i) {
    const Result<bool> right = run_file(names[i]);
    if (!right) {
      fmt::print("{}\n", right.error().message());
      code = 2;
    } else if (!*right) {
      code = std::max(code, 1);
    }
  }
  return code;
}

}  // namespace
}  // namespace baselined::kpi_text

int main(int count, char** names) {
  try {
    return baselined::kpi_text::run(count, names);
  } catch (const std::exception& failure) {
    std::fputs(failure.what(), stderr);
    return 2;
  }
}
