#include "daemon/worker/arguments.h"

#include <gtest/gtest.h>

#include <vector>

namespace baselined::worker {
namespace {

Result<Arguments> parse(std::vector<std::string> words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size());
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  return parse_arguments(pointers);
}

TEST(Arguments, DescribeNamesAFile) {
  const auto arguments = parse({"--describe", "x.so"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->mode, Mode::describe);
  EXPECT_EQ(arguments->plugin_name, "x.so");
  EXPECT_EQ(arguments->max_memory_bytes, 0U);
}

TEST(Arguments, RunTakesLimits) {
  const auto arguments =
      parse({"--run", "x.so", "--max-memory", "4294967296", "--max-cpu-seconds", "60"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->mode, Mode::run);
  EXPECT_EQ(arguments->max_memory_bytes, 4'294'967'296U);
  EXPECT_EQ(arguments->max_cpu_seconds, 60U);
}

TEST(Arguments, RunTakesGrants) {
  const auto arguments = parse({"--run", "x.so", "--granted", "5", "--read", "/srv/git", "--read",
                                "/data/*.git", "--sandbox", "require"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->granted_capabilities, 5U);
  EXPECT_EQ(arguments->read, (std::vector<std::string>{"/srv/git", "/data/*.git"}));
  EXPECT_TRUE(arguments->is_sandbox_required);
  EXPECT_FALSE(parse({"--run", "x.so"})->is_sandbox_required);
}

TEST(Arguments, EverythingElseShowsTheUsage) {
  const std::vector<std::string> wrong[] = {{},
                                            {"--run"},
                                            {"x.so"},
                                            {"--walk", "x.so"},
                                            {"--max-memory", "5"},
                                            {"--run", "x.so", "--describe", "x.so"},
                                            {"--run", "x.so", "--max-memory", "5x"},
                                            {"--run", "x.so", "--max-memory", "-5"},
                                            {"--run", "x.so", "--max-memory", ""},
                                            {"--run", "x.so", "--max-cpu-seconds"},
                                            {"--run", "x.so", "--granted", "4294967296"},
                                            {"--run", "x.so", "--read", "relative"},
                                            {"--run", "x.so", "--sandbox", "none"}};
  for (const auto& words : wrong) {
    const auto arguments = parse(words);
    ASSERT_FALSE(arguments) << ::testing::PrintToString(words);
    EXPECT_NE(arguments.error().message().find("usage:"), std::string::npos);
  }
}

}  // namespace
}  // namespace baselined::worker
