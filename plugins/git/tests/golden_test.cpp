// A small repository, row by row: testdata/golden.ndjson. BL_UPDATE_GOLDEN=1 writes it again.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "plugins/git/tests/plugin_fixture.h"

namespace baselined::git {
namespace {

constexpr const char* kGolden = BL_GIT_TESTDATA "/golden.ndjson";

TestRepository small_shop() {
  TestRepository source("shop");
  source.git("remote add origin git@git.example.org:team/shop.git");
  source.write("README", "the shop\n");
  source.commit("web/cart", "1\n");
  source.tag("v1.0", "-a -m first");
  source.git("checkout -q -b faster");
  source.set_author("renovate", "bot@example.org");
  source.commit("api/price", "2\n");
  source.set_author("Bob Example", "bob@example.org");
  source.git("checkout -q main");
  source.commit("web/cart", "3\n");
  source.set_seconds(TestRepository::kFirstSeconds + 3600);
  source.git("merge -q --no-ff -m merge faster");
  source.tag("v1.1");
  return source;
}

TEST(Golden, ASmallRepository) {
  const TestRepository source = small_shop();
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source, R"(,"path_depth":1,"line_counts":true)");
  ASSERT_EQ(run.status, BL_OK) << run.error;
  if (std::getenv("BL_UPDATE_GOLDEN") != nullptr && std::getenv("CI") == nullptr) {
    std::ofstream(kGolden) << run.ndjson();
  }
  std::ifstream file(kGolden);
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(run.ndjson(), golden.str());
}

}  // namespace
}  // namespace baselined::git
