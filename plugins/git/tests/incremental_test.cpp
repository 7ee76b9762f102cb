// Runs after the first: only what is new, what moved, what was deleted, and going on after a kill.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/git/commit_rows.h"
#include "plugins/git/tests/plugin_fixture.h"

namespace baselined::git {
namespace {

using testing::IsEmpty;
using Ids = std::set<std::string>;

TEST(Incremental, NothingNewEmitsNothingAndRefreshesCoverage) {
  TestRepository source("quiet");
  source.commit("a");
  source.tag("v1", "-a -m release");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  plugin.host.freeze_now(kNow + 60);
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_THAT(run.rows, IsEmpty());
  EXPECT_THAT(run.removals, IsEmpty());
  ASSERT_EQ(run.coverage.size(), 2U);
  EXPECT_EQ(run.coverage[0].to_us, kNow + 60);
  EXPECT_EQ(run.commits.size(), 1U);
}

TEST(Incremental, OnlyNewCommitsComeOut) {
  TestRepository source("growing");
  source.commit("a");
  source.commit("b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.git("checkout -q -b side main~1");
  const std::string side = source.commit("c");
  source.git("checkout -q main");
  const std::string top = source.commit("d");
  const sdk::RunResult run = plugin.collect(source, R"(,"path_depth":0)");
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(commits_of(run), (Ids{side, top}));
  EXPECT_EQ(plugin.stored_commits(), all_commits(source));
}

TEST(Incremental, PathsOfANewCommitAreAgainstItsStoredParent) {
  TestRepository source("paths");
  source.write("kept/file", "1");
  source.commit("first/file");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source, R"(,"path_depth":1)").status, BL_OK);
  source.commit("second/file");
  const sdk::RunResult run = plugin.collect(source, R"(,"path_depth":1)");
  const auto rows = run.rows_of("commit_path/1");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text("path_prefix"), "second");
}

TEST(Incremental, ANewRefToAnOldCommitIsOnlyARef) {
  TestRepository source("tagged");
  source.commit("a");
  source.commit("b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.tag("v0", "", "HEAD~1");
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_THAT(commits_of(run), IsEmpty());
  ASSERT_EQ(run.rows_of("ref/1").size(), 1U);
  EXPECT_EQ(run.rows_of("ref/1")[0].text("name"), "v0");
  EXPECT_THAT(run.removals, IsEmpty());
}

TEST(Incremental, AMovedTagIsANewRowBesideTheOldOne) {
  TestRepository source("moved");
  const std::string first = source.commit("a");
  source.tag("v1");
  const std::string second = source.commit("b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.tag("v1", "-f");
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_THAT(run.removals, IsEmpty());
  const std::string old_row = "tag v1 " + first + " " + first;
  EXPECT_TRUE(plugin.stored_refs().contains(old_row));
  EXPECT_TRUE(plugin.stored_refs().contains("tag v1 " + second + " " + second));
  // Deleted later: every row that it ever had goes.
  source.git("tag -d v1");
  EXPECT_EQ(plugin.collect(source).removals.size(), 2U);
  EXPECT_EQ(plugin.stored_refs(), (Ids{"branch main " + second + " " + second}));
}

TEST(Incremental, ATagThatMovesBackIsNoChange) {
  TestRepository source("back");
  source.commit("a");
  source.tag("v1");
  source.commit("b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.tag("v1", "-f");
  ASSERT_EQ(plugin.collect(source).changed, 1U);
  source.tag("v1", "-f", "HEAD~1");
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_EQ(run.status, BL_OK);
  EXPECT_EQ(run.changed, 0U);
  EXPECT_EQ(plugin.stored_refs().size(), 3U);
}

TEST(Incremental, AForcePushMovesTheBranchAndKeepsHistory) {
  TestRepository source("forced");
  source.commit("a");
  const std::string lost = source.commit("b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.git("reset -q --hard HEAD~1");
  const std::string rewritten = source.commit("c");
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_EQ(commits_of(run), Ids{rewritten});
  ASSERT_EQ(run.removals.size(), 1U);
  EXPECT_EQ(run.removals[0].text("target"), lost);
  EXPECT_EQ(plugin.stored_refs(), (Ids{"branch main " + rewritten + " " + rewritten}));
  EXPECT_TRUE(plugin.stored_commits().contains(lost));
}

TEST(Incremental, APreviousTipThatWasPrunedDoesNotBreakTheRun) {
  TestRepository source("pruned");
  source.commit("a");
  source.commit("b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.git("checkout -q --orphan other");
  const std::string fresh = source.commit("c");
  source.git("branch -D main");
  source.git("reflog expire --expire=now --all");
  source.git("gc -q --prune=now");
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(commits_of(run), Ids{fresh});
  EXPECT_EQ(plugin.stored_commits().size(), 3U);
}

TEST(Incremental, ADeletedBranchIsRemovedAndItsCommitsStay) {
  TestRepository source("deleted");
  source.commit("a");
  source.git("checkout -q -b side");
  const std::string side = source.commit("b");
  source.git("checkout -q main");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.git("branch -D side");
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_EQ(run.removals.size(), 1U);
  EXPECT_EQ(run.removals[0].text("name"), "side");
  EXPECT_THAT(run.rows, IsEmpty());
  EXPECT_TRUE(plugin.stored_commits().contains(side));
}

TEST(Incremental, NamesThatDifferOnlyInBytesThatAreNoUtf8AreTwo) {
  TestRepository source("bytes");
  const std::string id = source.commit("a");
  for (const char* name : {"v\xE8", "v\xE9", "v\xEF\xBF\xBD"}) {
    source.tag(name);
  }
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  EXPECT_EQ(plugin.stored_refs().size(), 4U);  // and main
  source.git("tag -d v\xE8");
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_EQ(run.removals.size(), 1U);
  EXPECT_EQ(run.removals[0].text("name"), R"(v\xE8)");
  EXPECT_TRUE(plugin.stored_refs().contains(R"(tag v\xE9 )" + id + " " + id));
  EXPECT_EQ(plugin.stored_refs().size(), 3U);
}

TEST(Incremental, PackingRefsAndObjectsIsNoChange) {
  TestRepository source("packed");
  source.commit("a");
  source.tag("v1", "-a -m release");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.git("pack-refs --all");
  source.git("gc -q");
  EXPECT_THAT(plugin.collect(source).rows, IsEmpty());
}

TEST(Incremental, AFullRunEmitsEverythingAndChangesNothing) {
  TestRepository source("full");
  source.commit("a");
  source.commit("b");
  source.tag("v1", "-a -m release");
  for (const std::uint32_t mode : {BL_RUN_FULL, BL_RUN_BACKFILL}) {
    PluginFixture plugin;
    ASSERT_EQ(plugin.collect(source).status, BL_OK);
    plugin.host.set_mode(mode);
    const sdk::RunResult run = plugin.collect(source);
    EXPECT_EQ(run.rows_of("commit/1").size(), 2U);
    EXPECT_EQ(run.rows_of("ref/1").size(), 2U);
    EXPECT_EQ(run.changed, 0U);
  }
}

TEST(Incremental, OtherOptionsReadEverythingAgain) {
  TestRepository source("options");
  source.commit("dir/a");
  source.commit("dir/b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  EXPECT_EQ(plugin.collect(source, R"(,"path_depth":1)").rows_of("commit_path/1").size(), 2U);
  EXPECT_EQ(plugin.collect(source, R"(,"line_counts":true)").changed, 2U);
  EXPECT_THAT(plugin.collect(source, R"(,"line_counts":true)").rows, IsEmpty());
}

TEST(Incremental, AChangedOriginIsAnotherRepository) {
  TestRepository source("renamed");
  source.commit("a");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  source.git("remote add origin https://git.example.org/team/app");
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_EQ(run.rows_of("commit/1").size(), 1U);
  EXPECT_EQ(run.rows_of("commit/1")[0].text("repository"), "git.example.org/team/app");
}

TEST(Incremental, ADamagedOpenSetOrCursorOnlyCostsTime) {
  TestRepository source("state");
  source.commit("a");
  source.commit("b");
  PluginFixture plugin;
  ASSERT_EQ(plugin.collect(source).status, BL_OK);
  plugin.host.set_cursor(source.path(), "nonsense");
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_EQ(run.status, BL_OK);
  EXPECT_EQ(run.rows_of("commit/1").size(), 2U);
  EXPECT_EQ(run.changed, 0U);
}

TEST(Incremental, AProbeEmitsAndStoresNothing) {
  TestRepository source("probe");
  source.commit("a");
  PluginFixture plugin;
  plugin.host.set_mode(BL_RUN_PROBE);
  const sdk::RunResult run = plugin.collect(source);
  EXPECT_EQ(run.status, BL_OK) << run.error;
  EXPECT_THAT(run.rows, IsEmpty());
  EXPECT_THAT(run.commits, IsEmpty());
}

TEST(Resume, ARunThatFailsGoesOnFromItsLastBarrier) {
  const std::size_t n = CommitRows::kBarrierEvery + 500;
  const TestRepository source = long_history(n);
  PluginFixture whole;
  const sdk::RunResult reference = whole.collect(source);
  ASSERT_EQ(reference.status, BL_OK) << reference.error;
  ASSERT_EQ(reference.commits.size(), 2U);
  EXPECT_EQ(reference.commits[0].cursor, "");  // nothing is claimed before the end

  PluginFixture plugin;
  plugin.host.fail_at_call(reference.calls, BL_ERR_TRANSIENT);  // the last commit
  const sdk::RunResult killed = plugin.collect(source);
  EXPECT_EQ(killed.status, BL_ERR_TRANSIENT);
  EXPECT_EQ(killed.rows_of("commit/1").size(), CommitRows::kBarrierEvery);
  plugin.host.clear_faults();
  const sdk::RunResult resumed = plugin.collect(source);
  ASSERT_EQ(resumed.status, BL_OK) << resumed.error;
  EXPECT_EQ(resumed.rows_of("commit/1").size(), 500U);
  EXPECT_EQ(plugin.host.ndjson(), whole.host.ndjson());
  EXPECT_THAT(plugin.host.open_set("commit/1", whole.host.records().at(0).text("repository")),
              IsEmpty());
  EXPECT_THAT(plugin.collect(source).rows, IsEmpty());
}

TEST(Resume, OtherOptionsDoNotGoOnFromABarrier) {
  const std::size_t n = CommitRows::kBarrierEvery + 5;
  const TestRepository source = long_history(n);
  PluginFixture plugin;
  plugin.host.fail_at_call(n + 5, BL_ERR_TRANSIENT);
  ASSERT_EQ(plugin.collect(source).status, BL_ERR_TRANSIENT);
  ASSERT_EQ(plugin.stored_commits().size(), CommitRows::kBarrierEvery);
  plugin.host.clear_faults();
  const sdk::RunResult run = plugin.collect(source, R"(,"bot_pattern":"A")");
  EXPECT_EQ(run.rows_of("commit/1").size(), n);
}

// Whichever call of the host fails, the next run makes everything right.
TEST(Resume, EveryFailedCallIsRecoveredFrom) {
  TestRepository source("calls");
  source.commit("dir/a");
  source.commit("dir/b");
  source.tag("v1", "-a -m release");
  const std::string more = R"(,"path_depth":1)";
  PluginFixture first;
  ASSERT_EQ(first.collect(source, more).status, BL_OK);
  source.commit("dir/c");
  source.tag("v1", "-f");
  source.git("branch side");
  PluginFixture whole = first;
  const sdk::RunResult second = whole.collect(source, more);
  ASSERT_EQ(second.status, BL_OK) << second.error;
  ASSERT_GT(second.calls, 10U);
  for (std::uint64_t call = 1; call <= second.calls; ++call) {
    SCOPED_TRACE(call);
    PluginFixture plugin = first;
    plugin.host.fail_at_call(call, BL_ERR_LIMIT);
    EXPECT_EQ(plugin.collect(source, more).status, BL_ERR_LIMIT);
    plugin.host.clear_faults();
    ASSERT_EQ(plugin.collect(source, more).status, BL_OK);
    EXPECT_EQ(plugin.host.ndjson(), whole.host.ndjson());
  }
}

TEST(Resume, CancellingEndsTheRunAtEveryPoint) {
  const TestRepository source = long_history(2000);
  PluginFixture whole;
  const sdk::RunResult reference = whole.collect(source);
  EXPECT_GT(reference.polls, 10U);
  for (std::uint64_t poll = 1; poll <= reference.polls; poll += 3) {
    PluginFixture plugin;
    plugin.host.cancel_at_poll(poll);
    EXPECT_EQ(plugin.collect(source).status, BL_ERR_CANCELLED) << poll;
    EXPECT_EQ(plugin.host.cursor(source.path()), "");
  }
}

TEST(Progress, GrowsToTheNumberOfCommits) {
  const TestRepository source = long_history(600);
  PluginFixture plugin;
  const sdk::RunResult run = plugin.collect(source);
  ASSERT_FALSE(run.progress.empty());
  EXPECT_EQ(run.progress.back().done, 600U);
  EXPECT_EQ(run.progress.back().total, 600U);
  EXPECT_EQ(run.progress.back().unit, "commits");
  PluginFixture without;
  without.host.without_extensions();
  EXPECT_EQ(without.collect(source).status, BL_OK);
}

}  // namespace
}  // namespace baselined::git
