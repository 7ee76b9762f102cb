// A folder's listing may pass over a file that git replaces meanwhile, as it does to move a ref
// (tmpfs and btrfs): what the listing lacks is not deleted yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "plugins/git/tests/passed_over.h"
#include "plugins/git/tests/plugin_fixture.h"

namespace baselined::git {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

sdk::RunResult collect_passing_over(PluginFixture& plugin, const TestRepository& source,
                                    const std::string& name, const std::string& more = "") {
  const PassedOver passed_over(name);
  return plugin.collect(source, more);
}

TEST(PassedOverRef, IsNotDeletedAndTheNextRunFindsNothingNew) {
  TestRepository source("passed");
  source.commit("a");
  source.tag("v1");
  source.tag("release/v2", "-a -m release");
  source.commit("b");
  source.tag("v1", "-f");
  source.git("update-ref refs/remotes/origin/side HEAD~1");
  source.git("update-ref refs/heads/caf\xE9 HEAD~1");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  const std::set<std::string> refs = plugin.stored_refs();
  const std::string cursor = plugin.host.cursor(source.path());
  for (const std::string name :
       {"v1", "v2", "main", "side", "caf\xE9", "release", "tags", "heads"}) {
    SCOPED_TRACE(name);
    const sdk::RunResult run = collect_passing_over(plugin, source, name);
    EXPECT_EQ(run.status, BL_OK) << run.error;
    EXPECT_THAT(run.removals, IsEmpty());
    EXPECT_THAT(run.rows, IsEmpty());
    EXPECT_EQ(plugin.host.cursor(source.path()), cursor);
  }
  EXPECT_EQ(plugin.stored_refs(), refs);
}

TEST(PassedOverRef, ThatMovedMeanwhileMovesNow) {
  TestRepository source("moved");
  const std::string first = source.commit("a");
  source.tag("v1");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  const std::string second = source.commit("b");
  source.tag("v1", "-f");
  EXPECT_THAT(collect_passing_over(plugin, source, "v1").removals.size(), 1U) << "of main";
  EXPECT_EQ(plugin.stored_refs(), (std::set<std::string>{"branch main " + second + " " + second,
                                                         "tag v1 " + first + " " + first,
                                                         "tag v1 " + second + " " + second}));
}

// packed-refs may hold where it was long ago.
TEST(PassedOverRef, IsNotBackWhereItWasPacked) {
  TestRepository source("packed");
  source.commit("a");
  source.git("pack-refs --all");
  source.commit("b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  const std::set<std::string> refs = plugin.stored_refs();
  EXPECT_THAT(collect_passing_over(plugin, source, "main").removals, IsEmpty());
  EXPECT_EQ(plugin.stored_refs(), refs);
}

TEST(PassedOverRef, ThatIsUnreadableIsADamagedOne) {
  TestRepository source("empty");
  source.commit("a");
  source.tag("v1");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  std::ofstream(source.path() + "/.git/refs/tags/v1").close();
  const sdk::RunResult run = collect_passing_over(plugin, source, "v1");
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("refs/tags/v1 is empty"));
  EXPECT_EQ(plugin.stored_refs().size(), 2U);
}

TEST(PassedOverRef, ThatIsGoneIsDeletedEvenWhereAFolderTookItsName) {
  TestRepository source("gone");
  source.commit("a");
  source.tag("v1");
  source.tag("v2/rc");
  source.git("branch side");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.git("tag -d v1");
  source.tag("v1/rc");
  source.git("tag -d v2/rc");
  source.tag("v2");
  source.git("branch -D side");
  EXPECT_EQ(plugin.collect(source).removals.size(), 3U);
  EXPECT_EQ(plugin.collect(source, R"(,"branches":["none"])").removals.size(), 1U);  // main
  EXPECT_EQ(plugin.stored_refs().size(), 2U);
}

// git moves a ref by renaming a file. Nearly every listing of this folder passes over some.
TEST(PassedOverRef, NoneIsDeletedWhileAllAreMovedInMemory) {
  constexpr long kTmpfs = 0x01021994;
  constexpr int kTags = 2000;
  struct statfs system {};
  fs::path root = "/dev/shm/bl_git_" + std::to_string(::getpid());
  std::error_code error;
  if (::statfs("/dev/shm", &system) != 0 || system.f_type != kTmpfs ||
      !fs::create_directories(root / "r", error)) {
    root = fresh_folder("moving");  // nothing may be deleted there either; seldom passed over
    fs::create_directories(root / "r");
  }
  TestRepository source = TestRepository::at(root / "r");
  source.git("init -q -b main .");
  const std::string ids[] = {source.commit_empty(), source.commit_empty()};
  const auto move = [&](int number, int turn) {
    const std::string file = source.path() + "/.git/refs/tags/v" + std::to_string(number);
    std::ofstream(file + ".lock") << ids[turn % 2] << "\n";
    fs::rename(file + ".lock", file);
  };
  for (int number = 0; number < 2 * kTags; ++number) {
    move(number % kTags, number / kTags);
  }
  PluginFixture plugin;
  EXPECT_EQ(plugin.collect(source).status, BL_OK);
  std::atomic<bool> is_done = false;
  std::thread server([&] {
    for (int turn = 0; !is_done; ++turn) {
      for (int number = 0; number < kTags && !is_done; ++number) {
        move((number * 7919) % kTags, turn);
      }
    }
  });
  using Clock = std::chrono::steady_clock;
  std::size_t n_removed = 0;
  const Clock::time_point end = Clock::now() + std::chrono::seconds(3);
  while (n_removed == 0 && Clock::now() < end) {
    const sdk::RunResult run = plugin.collect(source);
    EXPECT_EQ(run.status, BL_OK) << run.error;
    n_removed += run.removals.size();
  }
  is_done = true;
  server.join();
  fs::remove_all(root);
  EXPECT_EQ(n_removed, 0U);
}

}  // namespace
}  // namespace baselined::git
