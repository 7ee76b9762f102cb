// The names that dashboards and alerts rest on: a change here is a change of a public interface.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/unit/expose/example.h"

namespace baselined::expose {
namespace {

std::string read(const char* file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// One family per line: name, type, labels, help.
std::string names_of_everything() {
  std::string names;
  for (const auto& [name, family] : test::families_of(test::example_page())) {
    names += name + " " + family.type + " {";
    for (const std::string& label : family.labels) {
      names += (names.back() == '{' ? "" : ",") + label;
    }
    names += "} " + family.help + "\n";
  }
  return names;
}

TEST(MetricNames, AreThoseOfTheGoldenFile) {
  const std::string names = names_of_everything();
  if (std::getenv("BL_UPDATE_GOLDEN") != nullptr) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << "golden files are not updated in CI";
    std::ofstream(BL_GOLDEN_FILE) << names;
  }
  EXPECT_EQ(names, read(BL_GOLDEN_FILE)) << "wanted? run again with BL_UPDATE_GOLDEN=1 and read "
                                            "the difference before you commit it";
}

TEST(MetricNames, PassThePrometheusLinter) {
  // promtool comes with the package prometheus. Without it this fails: nothing else checks names.
  std::FILE* promtool = ::popen("promtool check metrics 2>&1", "w");
  ASSERT_NE(promtool, nullptr);
  const std::string page = test::example_page();
  std::fwrite(page.data(), 1, page.size(), promtool);
  EXPECT_EQ(::pclose(promtool), 0) << "promtool printed its findings above";
}

TEST(MetricNames, AreUniqueOverBothHalvesOfThePage) {
  SelfMetrics metrics("0.1.0");
  test::tell_everything(metrics);
  const auto self = test::families_of(metrics.render());
  const auto kpis = test::families_of(
      render_kpis(kpi::Catalogue::built_in().all(), test::example_results("shop"), 10'000).text);
  for (const auto& [name, family] : kpis) {
    EXPECT_FALSE(self.contains(name)) << name;
  }
}

}  // namespace
}  // namespace baselined::expose
