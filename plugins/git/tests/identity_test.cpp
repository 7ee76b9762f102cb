// One repository that several paths lead to, and several repositories of one origin.
#include <gtest/gtest.h>

#include <filesystem>

#include "plugins/git/tests/plugin_fixture.h"

namespace baselined::git {
namespace {

namespace fs = std::filesystem;

// Three commits: of main, of a tag, and of the detached HEAD of a worktree beside it.
class SharedRepository : public testing::Test {
 protected:
  SharedRepository() {
    source_.commit("a");
    source_.tag("v1");
    source_.commit("b");
    source_.git("worktree add -q --detach " + worktree_);
    TestRepository linked = TestRepository::at(worktree_);
    linked.set_seconds(TestRepository::kFirstSeconds + 600);
    linked.commit("c");
    fs::create_directory_symlink(source_.path(), link_);
  }

  // Whatever it was read by: all of it, once, as itself.
  void expect_read_once(const std::vector<std::string>& paths, const std::string& left_out,
                        const std::string& read) {
    PluginFixture plugin;
    const sdk::RunResult run = plugin.collect_paths(paths);
    EXPECT_EQ(run.status, BL_OK) << run.error;
    EXPECT_EQ(run.rows_of("commit/1").size(), 3U);
    EXPECT_EQ(plugin.stored_commits(), all_commits(source_));
    EXPECT_EQ(plugin.stored_commits(), all_commits(TestRepository::at(worktree_)));
    EXPECT_EQ(plugin.stored_refs().size(), 2U);  // main and v1
    ASSERT_EQ(run.coverage.size(), 2U);
    EXPECT_EQ(run.coverage[0].scope, source_.path());
    EXPECT_TRUE(has_log(run, left_out + " is left out: it is " + source_.path() + ", like " + read +
                                 "; name only"));
  }

  TestRepository source_{"shop"};
  std::string folder_ = fs::path(source_.path()).parent_path().string();
  std::string worktree_ = folder_ + "/tree";
  std::string link_ = folder_ + "/link";
};

TEST_F(SharedRepository, NamedWithAWorktreeIsReadOnce) {
  expect_read_once({source_.path(), worktree_}, worktree_, source_.path());
  expect_read_once({worktree_, source_.path()}, source_.path(), worktree_);
}

TEST_F(SharedRepository, NamedWithASymbolicLinkToItIsReadOnce) {
  expect_read_once({source_.path(), link_}, link_, source_.path());
  expect_read_once({link_, source_.path()}, source_.path(), link_);
}

TEST_F(SharedRepository, NamedWithItsOwnGitFolderIsReadOnce) {
  expect_read_once({source_.path() + "/.git", source_.path()}, source_.path(),
                   source_.path() + "/.git");
}

TEST_F(SharedRepository, MatchedThreeTimesByAPatternIsReadOnce) {
  expect_read_once({folder_ + "/*"}, worktree_, link_);
  expect_read_once({folder_ + "/*"}, source_.path(), link_);
}

TEST_F(SharedRepository, WithAnOriginIsReadOnceToo) {
  source_.git("remote add origin git@git.example.org:team/shop.git");
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect_paths({folder_ + "/*"});
  EXPECT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(run.rows_of("commit/1").size(), 3U);
  for (const std::string& path : {source_.path(), worktree_}) {
    EXPECT_TRUE(
        has_log(run, path + " is left out: it is git.example.org/team/shop, like " + link_));
  }
}

// The worktree's run moves what is stored; the repository's own cursor must not say "unchanged".
TEST_F(SharedRepository, ThatAnotherPathReadInBetweenIsReadAnew) {
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source_).status, BL_OK);
  const std::set<std::string> refs = plugin.stored_refs();
  const std::string id = source_.git("rev-parse v1");
  source_.git("tag -d v1");
  ASSERT_EQ(plugin.collect_paths({worktree_, source_.path()}).status, BL_OK);
  EXPECT_EQ(plugin.stored_refs().size(), 1U);
  source_.git("update-ref refs/tags/v1 " + id);
  ASSERT_EQ(plugin.collect(source_).status, BL_OK);
  EXPECT_EQ(plugin.stored_refs(), refs);
}

// The configuration names one path, then the other, then the first again.
TEST_F(SharedRepository, ThatAnotherPathReadAloneInBetweenIsReadAnew) {
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source_).status, BL_OK);
  const std::set<std::string> refs = plugin.stored_refs();
  source_.git("tag v2");
  ASSERT_EQ(plugin.collect_paths({worktree_}).status, BL_OK);
  EXPECT_EQ(plugin.stored_refs().size(), 3U);
  source_.git("tag -d v2");
  ASSERT_EQ(plugin.collect(source_).status, BL_OK);
  EXPECT_EQ(plugin.stored_refs(), refs);
  EXPECT_TRUE(plugin.collect(source_).rows.empty());
}

TEST_F(SharedRepository, ThatCannotBeOpenedKeepsItsIdentity) {
  fs::rename(source_.path() + "/.git/HEAD", source_.path() + "/.git/away");
  PluginFixture plugin;
  const sdk::RunResult bad = plugin.collect_paths({link_});
  ASSERT_EQ(bad.coverage.size(), 2U);
  EXPECT_EQ(bad.coverage[0].scope, source_.path());
  EXPECT_NE(bad.coverage[0].reason, "");
}

TEST(Identity, IsThePathWithoutTheEndingOfABareRepository) {
  const TestRepository bare("shop.git", "--bare");
  const std::string identity = bare.path().substr(0, bare.path().size() - 4);
  PluginFixture plugin;
  EXPECT_EQ(plugin.collect(bare).coverage.at(0).scope, identity);
  const std::string link = fresh_folder("links").string() + "/other.git";
  fs::create_directory_symlink(bare.path(), link);
  EXPECT_EQ(plugin.collect_paths({link}).coverage.at(0).scope, identity);
}

// Of one origin, each with a commit of its own.
class TwoClones : public testing::Test {
 protected:
  TwoClones() {
    first_.commit("one");
    first_.git("remote add origin git@git.example.org:team/app.git");
    second_.commit("two");
    second_.git("remote add origin https://git.example.org/team/app");
  }

  TestRepository first_{"first"};
  TestRepository second_{"second"};
};

TEST_F(TwoClones, TheSecondOfTwoClonesIsLeftOutWithAWarning) {
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect_paths({first_.path(), second_.path()});
  EXPECT_EQ(run.status, BL_OK);
  EXPECT_EQ(plugin.stored_commits(), all_commits(first_));
  EXPECT_TRUE(has_log(
      run, second_.path() + " is left out: it is git.example.org/team/app, like " + first_.path()));
}

TEST_F(TwoClones, ABrokenCloneSaysNothingAboutTheOneThatWasRead) {
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(second_).status, BL_OK);
  fs::rename(second_.path() + "/.git/HEAD", second_.path() + "/.git/away");
  const sdk::RunResult run = plugin.collect_paths({first_.path(), second_.path()});
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_EQ(run.coverage.size(), 2U);
  EXPECT_EQ(reason_of(run, "commit/1"), "");
}

}  // namespace
}  // namespace baselined::git
