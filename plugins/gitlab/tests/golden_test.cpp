// A project as its GitLab answered, and what is made of it, row by row: testdata/. Recorded by
// tests/integration/gitlab_test.py with BL_RECORD_GITLAB=1; BL_UPDATE_GOLDEN=1 writes the rows
// again.
#include <baselined/testing/fake_host.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

extern "C" const bl_plugin* bl_plugin_main_v0(std::uint32_t host_minor);

namespace baselined::gitlab {
namespace {

constexpr const char* kGolden = BL_GITLAB_TESTDATA "/golden.ndjson";
constexpr const char* kOptions =
    R"({"projects":["group/shop"],"bot_pattern":"bot","incident_labels":["outage"],"commits":true})";

TEST(Golden, ASmallProject) {
  sdk::FakeHost host;
  host.play_cassette(BL_GITLAB_TESTDATA "/first_run");
  const sdk::RunResult run = host.collect(bl_plugin_main_v0(BL_ABI_MINOR), kOptions);
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(host.unused_exchanges(), std::vector<std::string>());
  if (std::getenv("BL_UPDATE_GOLDEN") != nullptr && std::getenv("CI") == nullptr) {
    std::ofstream(kGolden) << run.ndjson();
  }
  std::ifstream file(kGolden);
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(run.ndjson(), golden.str());
}

bool misses_a_timeline(const sdk::RunResult& run) {
  return std::any_of(run.coverage.begin(), run.coverage.end(), [](const auto& coverage) {
    return coverage.reason.find("timelines of incidents that are missing: 1") != std::string::npos;
  });
}

TEST(Golden, EveryCallOfTheHostMayFail) {
  sdk::FakeHost counting;
  counting.play_cassette(BL_GITLAB_TESTDATA "/first_run");
  const std::uint64_t calls = counting.collect(bl_plugin_main_v0(BL_ABI_MINOR), kOptions).calls;
  ASSERT_GT(calls, 50U);
  int n_without_timeline = 0;  // which ends nothing
  for (std::uint64_t nth = 1; nth <= calls; ++nth) {
    sdk::FakeHost host;
    host.play_cassette(BL_GITLAB_TESTDATA "/first_run");
    host.fail_at_call(nth, BL_ERR_TRANSIENT);
    const sdk::RunResult run = host.collect(bl_plugin_main_v0(BL_ABI_MINOR), kOptions);
    n_without_timeline += misses_a_timeline(run) ? 1 : 0;
    EXPECT_EQ(run.status, misses_a_timeline(run) ? BL_OK : BL_ERR_TRANSIENT) << nth;
  }
  EXPECT_EQ(n_without_timeline, 1);
}

}  // namespace
}  // namespace baselined::gitlab
