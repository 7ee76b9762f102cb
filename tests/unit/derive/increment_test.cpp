// Updates that follow what changed: what they touch, and what they leave alone.
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/derive/fact_lines.h"
#include "tests/unit/derive/history.h"

namespace baselined::derive {
namespace {

// Three deployments of a line of four commits.
void fill(Site& site) {
  site.mapping() = shop({"v*"}, {});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {2}, 30).commit(4, {3}, 40);
  site.tag("v1", 1).tag("v2", 2).tag("v4", 4).complete().update();
}

void expect_as_from_scratch(Site& site) {
  store::Connection scratch = copy_of_records(site.db());
  ASSERT_TRUE(update(scratch, site.mapping())->everything);
  EXPECT_EQ(all_lines(site.db()), all_lines(scratch));
}

TEST(Increment, NothingToDoWritesNothing) {
  Site site("nothing");
  fill(site);
  const std::int64_t changes = site.db().total_changes();
  const Touched touched = site.update();
  EXPECT_EQ(site.db().total_changes(), changes);
  EXPECT_FALSE(touched.everything);
  EXPECT_TRUE(touched.services.empty());
}

TEST(Increment, FirstTimeTouchesEverything) {
  Site site("first");
  EXPECT_TRUE(site.update().everything);
}

TEST(Increment, TouchesOnlyTheServiceOfTheChange) {
  Site site("touched");
  site.mapping().services.push_back({"shop", {"host/shop"}, {"v*"}, {}});
  site.commit(1, {}, 10).tag("v1", 1).complete();
  site.by("git", "host/bank").commit(2, {}, 10).complete().update();
  site.by("git", "host/shop").commit(3, {1}, 30).tag("v3", 3);
  const Touched touched = site.update();
  EXPECT_FALSE(touched.everything);
  EXPECT_EQ(touched.services, std::vector<std::string>({"shop"}));
}

TEST(Increment, CoverageAloneTouchesItsService) {
  Site site("coverage");
  fill(site);
  const Touched touched = site.complete(2000).update();
  EXPECT_EQ(touched.services, std::vector<std::string>({"shop"}));
  EXPECT_EQ(input_lines(site.db())[0], "shop commit/1 host/shop until 2000: ");
}

TEST(Increment, TagThatIsNoDeploymentTouchesNothing) {
  Site site("other_tag");
  fill(site);
  EXPECT_TRUE(site.tag("nightly", 4).update().services.empty());
  expect_as_from_scratch(site);
}

TEST(Increment, DeploymentsBeforeTheChangeKeepTheirNumbers) {
  Site site("numbers");
  fill(site);
  const std::int64_t sum =
      *site.db().integer("SELECT sum(id * finished_at) FROM fact_deployment WHERE name < 'v4'");
  site.commit(5, {4}, 50).tag("v5", 5).annotated("v3", 3, 35, 101).update();
  EXPECT_EQ(*site.db().integer("SELECT sum(id * finished_at) FROM fact_deployment"
                               " WHERE name IN ('v1', 'v2')"),
            sum);
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 2 tag v2 at 20 after v1 gap 10 ships 1",
                   "shop host/shop 3 tag v3 at 35 after v2 gap 15 ships 1",
                   "shop host/shop 4 tag v4 at 40 after v3 gap 5 ships 1",
                   "shop host/shop 5 tag v5 at 50 after v4 gap 10 ships 1"}));
  expect_as_from_scratch(site);
}

TEST(Increment, TagThatAnIncidentWaitsForIsItsCause) {
  Site site("tag_of_incident");
  fill(site);
  site.incident(1, 90, false, "shop").incident_link(1, "caused_by", "tag", "nightly").update();
  site.tag("nightly", 2).update();
  EXPECT_EQ(*site.db().integer("SELECT count(*) FROM fact_failure WHERE method = 'link'"), 1);
  expect_as_from_scratch(site);
}

// What was known of earlier deployments is not written again.
TEST(Increment, FailuresBeforeTheChangeAreLeftAlone) {
  Site site("failures");
  fill(site);
  site.mapping().services[0].incident_lookback = std::chrono::seconds(1);
  for (int number = 0; number < 50; ++number) {
    site.incident(number, 20, false, "shop");
  }
  site.update();
  ASSERT_EQ(*site.db().integer("SELECT count(*) FROM fact_failure"), 50);
  const std::int64_t before = site.db().total_changes();
  site.commit(5, {4}, 50).tag("v5", 5).update();
  EXPECT_LT(site.db().total_changes() - before, 50);
  expect_as_from_scratch(site);
}

TEST(Increment, HotfixThatIsGoneRepairedNothing) {
  Site site("hotfix");
  fill(site);
  site.mapping().services[0].hotfix_labels = {"hotfix"};
  site.change(1, 25, 35, 4, "hotfix").update();
  ASSERT_EQ(*site.db().integer("SELECT count(*) FROM fact_rework"), 1);
  site.remove_change(1).update();
  EXPECT_EQ(*site.db().integer("SELECT count(*) FROM fact_rework"), 0);
  expect_as_from_scratch(site);
}

TEST(Increment, TagBeforeTheFirstMakesAnotherSeed) {
  Site site("other_seed");
  fill(site);
  site.remove_tag("v1", 1).update();
  EXPECT_EQ(deployment_lines(site.db())[0], "shop host/shop 2 tag v2 at 20 seed ships 2");
  site.annotated("v0", 1, 5, 101).update();
  EXPECT_EQ(deployment_lines(site.db())[0], "shop host/shop 1 tag v0 at 5 seed ships 1");
  expect_as_from_scratch(site);
}

TEST(Increment, KnownTimeThatComesAndGoesDecidesWhetherTheGuessCounts) {
  Site site("known_time");
  fill(site);
  const std::string guessed = "shop host/shop 2 tag v2 at 20 after v1 gap 10 ships 1";
  EXPECT_EQ(deployment_lines(site.db())[1], guessed);
  EXPECT_FALSE(site.annotated("release-2", 2, 35, 101).update().everything);  // not of the rule
  EXPECT_EQ(deployment_lines(site.db())[1], guessed);
  EXPECT_FALSE(site.annotated("v2.0", 2, 35, 102).update().everything);
  EXPECT_EQ(deployment_lines(site.db())[1],
            "shop host/shop 2 tag v2.0 at 35 after v1 gap 25 ships 1");
  expect_as_from_scratch(site);
  site.annotated("v2.1", 2, 15, 103).remove_tag("v2.0", 102).update();  // before its own commit
  EXPECT_EQ(deployment_lines(site.db())[1],
            "shop host/shop 2 tag v2.1 at 15 after v1 gap 5 ships 1");
  expect_as_from_scratch(site);
  site.annotated("v3", 3, 18, 104).update();  // between the known time and the guess
  EXPECT_EQ(deployment_lines(site.db())[2],
            "shop host/shop 3 tag v3 at 18 after v2.1 gap 3 ships 1");
  EXPECT_EQ(deployment_lines(site.db())[3],
            "shop host/shop 4 tag v4 at 40 after v3 gap 22 ships 1");
  expect_as_from_scratch(site);
  site.remove_tag("v3", 104).update();
  site.tag("v4-latest", 4).remove_tag("v2.1", 103).update();
  EXPECT_EQ(deployment_lines(site.db())[1], guessed);
  expect_as_from_scratch(site);
}

TEST(Increment, DeletedTagThatComesBackCountsAgain) {
  Site site("revived");
  fill(site);
  const Lines before = deployment_lines(site.db());
  site.remove_tag("v2", 2).update();
  EXPECT_NE(deployment_lines(site.db()), before);
  site.tag("v2", 2).update();
  EXPECT_EQ(deployment_lines(site.db()), before);
}

TEST(Increment, TagWaitsForItsCommit) {
  Site site("tag_waits");
  fill(site);
  site.tag("v5", 5).update();
  EXPECT_EQ(exclusion_lines(site.db()).size(), 1U);
  site.commit(5, {4}, 50).update();
  EXPECT_EQ(exclusion_lines(site.db()), Lines());
  EXPECT_EQ(deployment_lines(site.db()).back(),
            "shop host/shop 5 tag v5 at 50 after v4 gap 10 ships 1");
  expect_as_from_scratch(site);
}

TEST(Increment, BranchWaitsForItsCommit) {
  Site site("branch_waits");
  site.mapping() = shop({}, {"main"});
  site.commit(1, {}, 10).branch("main", 1).complete().update();
  site.branch("main", 2).update();
  EXPECT_EQ(deployment_lines(site.db()), Lines());
  site.commit(2, {1}, 20).update();
  EXPECT_EQ(deployment_lines(site.db()).size(), 2U);
  expect_as_from_scratch(site);
}

TEST(Increment, ParentThatComesLaterIsShippedToo) {
  Site site("late_parent");
  fill(site);
  site.commit(6, {5}, 60).tag("v6", 6).update();
  EXPECT_EQ(deployment_lines(site.db()).back(),
            "shop host/shop 6 tag v6 at 60 after v4 gap 20 ships 1");
  site.commit(5, {4}, 50).update();
  EXPECT_EQ(deployment_lines(site.db()).back(),
            "shop host/shop 6 tag v6 at 60 after v4 gap 20 ships 2");
  expect_as_from_scratch(site);
}

TEST(Increment, ParentsThatChangeMoveWhatWasShipped) {
  Site site("new_parents");
  fill(site);
  site.commit(4, {2}, 40).update();
  EXPECT_EQ(deployment_lines(site.db()).back(),
            "shop host/shop 4 tag v4 at 40 after v2 gap 20 ships 1");
  EXPECT_EQ(commit_lines(site.db())[2], "shop host/shop 3 at 30 unshipped");
}

TEST(Increment, CommitTimeThatChangesMovesItsTag) {
  Site site("new_time");
  fill(site);
  site.commit(2, {1}, 25).update();
  EXPECT_EQ(deployment_lines(site.db())[1],
            "shop host/shop 2 tag v2 at 25 after v1 gap 15 ships 1");
}

TEST(Increment, BotThatIsFoundOutLaterIsMarkedAndNothingElseChanges) {
  Site site("bot_later");
  fill(site);
  const Lines before = deployment_lines(site.db());
  const Touched touched = site.commit(3, {2}, 30, true).update();
  EXPECT_EQ(touched.services, std::vector<std::string>({"shop"}));
  EXPECT_EQ(commit_lines(site.db())[2], "shop host/shop 3 at 30 bot in v4 at 40 lead 10 or later");
  EXPECT_EQ(deployment_lines(site.db()), before);
}

TEST(Increment, RemovedCommitIsGoneAndItsTagExcluded) {
  Site site("removed_commit");
  fill(site);
  site.remove_commit(4).update();
  EXPECT_EQ(commit_lines(site.db()).size(), 3U);
  EXPECT_EQ(exclusion_lines(site.db()),
            Lines({"shop deployment at - n 1 v4: tag on a commit that was not collected"}));
  expect_as_from_scratch(site);
}

TEST(Increment, DuplicateOfACommitThatIsRemovedTakesItsPlace) {
  Site site("duplicate");
  fill(site);
  const Lines before = commit_lines(site.db());
  site.by("other", "host/shop").commit(4, {3}, 40).update();
  EXPECT_EQ(commit_lines(site.db()), before);
  site.by("git", "host/shop").remove_commit(4).update();
  EXPECT_EQ(commit_lines(site.db()), before);
  expect_as_from_scratch(site);
}

TEST(Increment, AnotherMappingChangesTheAnswerWithoutCollecting) {
  Site site("mapping");
  fill(site);
  site.mapping() = shop({"v1", "v4"});
  EXPECT_TRUE(site.update().everything);
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 4 tag v4 at 40 after v1 gap 30 ships 3"}));
}

TEST(Increment, FactsOfAnotherVersionAreDerivedAgain) {
  Site site("version");
  fill(site);
  const Lines before = all_lines(site.db());
  ASSERT_TRUE(
      site.db().execute("UPDATE derive_state SET value = '0' WHERE key = 'version';"
                        "DROP TABLE fact_commit; CREATE TABLE fact_commit(old INTEGER)"));
  EXPECT_TRUE(site.update().everything);
  EXPECT_EQ(all_lines(site.db()), before);
}

TEST(Increment, ManyNewCommitsAreDerivedFromScratch) {
  Site site("many");
  fill(site);
  site.limits().rebuild_commits = 3;
  for (int id = 5; id <= 9; ++id) {
    site.commit(id, {id - 1}, id * 10);
  }
  EXPECT_TRUE(site.update().everything);
  EXPECT_EQ(commit_lines(site.db()).size(), 9U);
}

TEST(Increment, CircleOfParentsEnds) {
  Site site("circle");
  site.mapping() = shop({"v*"}, {"main"});
  site.commit(1, {3}, 10).commit(2, {1, 2}, 20).commit(3, {2}, 30).tag("v3", 3).branch("main", 3);
  site.complete().update();
  EXPECT_EQ(commit_lines(site.db()).size(), 3U);
  site.commit(4, {3, 4}, 40).tag("v4", 4).branch("main", 4).update();
  EXPECT_EQ(deployment_lines(site.db()).back().substr(0, 28), "shop host/shop 4 tag v4 at 4");
}

TEST(Increment, FailureLeavesEverythingAsItWas) {
  Site site("failure");
  fill(site);
  const Lines before = all_lines(site.db());
  ASSERT_TRUE(site.db().execute(
      "CREATE TRIGGER refuse BEFORE INSERT ON fact_deployment BEGIN SELECT RAISE(ABORT, 'no');"
      " END"));
  site.commit(5, {4}, 50).tag("v5", 5);
  const Result<Touched> failed = update(site.db(), site.mapping());
  ASSERT_FALSE(failed);
  EXPECT_FALSE(site.db().in_transaction());
  EXPECT_EQ(all_lines(site.db()), before);
  EXPECT_FALSE(*is_current(site.db(), site.mapping()));
  ASSERT_TRUE(site.db().execute("DROP TRIGGER refuse"));
  site.update();
  EXPECT_EQ(deployment_lines(site.db()).size(), 4U);
}

TEST(IsCurrent, ForgetsNothingThatFactsAreMadeOf) {
  Site site("current");
  site.mapping() = shop({"v*"});
  const auto is_up_to_date = [&] { return *is_current(site.db(), site.mapping()); };
  EXPECT_FALSE(is_up_to_date());
  site.commit(1, {}, 10).tag("v1", 1).complete().update();
  EXPECT_TRUE(is_up_to_date());
  site.commit(2, {1}, 20);
  EXPECT_FALSE(is_up_to_date());
  site.update();
  site.tag("v2", 2);
  EXPECT_FALSE(is_up_to_date());
  site.update();
  site.remove_tag("v2", 2);
  EXPECT_FALSE(is_up_to_date());
  site.update();
  site.complete(3000);
  EXPECT_FALSE(is_up_to_date());
  site.update();
  EXPECT_TRUE(is_up_to_date());
  site.mapping() = shop({"w*"});
  EXPECT_FALSE(is_up_to_date());
}

TEST(IsCurrent, ReadsWithAReadOnlyConnection) {
  Site site("reader");
  fill(site);
  auto reader = store::Connection::open_reader(store::database_file(site.dir()));
  ASSERT_TRUE(reader);
  EXPECT_TRUE(*is_current(*reader, site.mapping()));
  EXPECT_FALSE(reader->in_transaction());
  site.commit(9, {4}, 90);
  EXPECT_FALSE(*is_current(*reader, site.mapping()));
}

// A source may say any time; of two that are too far apart the difference is no integer.
TEST(Increment, TimesOfAnIncidentMayBeAnyhowFarApart) {
  Site site("far_apart");
  fill(site);
  site.incident(1, 10, false, "shop").incident_event(1, 1, "resolved", 20);
  site.incident(2, 10, true, "shop").incident_link(2, "fixed_by", "tag", "v2").update();
  const Status changed = site.db().execute(
      "UPDATE record_incident_1 SET opened_at = -9223372036854775807;"
      "UPDATE record_incident_event_1 SET at = 9223372036854775807; DROP TABLE derive_state");
  ASSERT_TRUE(changed) << changed.error().message();
  site.update();
  EXPECT_EQ(site.db().integer("SELECT restore_us FROM fact_incident WHERE incident = '1'").value(),
            std::numeric_limits<std::int64_t>::max());
}

// Of one repository, which three collectors know by other names.
void split(Site& site) {
  site.mapping().repositories.push_back({"host/shop", {"/srv/shop", "/srv/two"}});
  site.mapping().services.push_back({"shop", {"host/shop"}, {"v*"}, {}});
  site.mapping().services.back().paths = {"x"};
  site.mapping().services.push_back({"bank", {"host/shop"}, {"w*"}, {}});
  site.mapping().services.back().paths = {"z"};
}

// 4 merges 2 and 3, and is what change 1 became.
void tell_of_a_merge(Site& site) {
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {1}, 30).commit(4, {2, 3}, 40);
  site.change(1, 15, 40, 4).tag("v1", 1).tag("v4", 4);
}

TEST(Increment, FollowsTwoWhoTellOfTheSamePathsOfAMergeInOneUpdate) {
  Site site("merge_two");
  split(site);
  site.by("git", "host/shop").complete();
  site.by("forge", "/srv/shop").complete().covered("commit_path/1", "", 1000);
  site.by("third", "/srv/two").complete().covered("commit_path/1", "", 1000);
  site.by("git", "host/shop");
  tell_of_a_merge(site);
  site.by("forge", "/srv/shop").commit(1, {}, 10).touch(1, "x");
  site.by("third", "/srv/two").commit(1, {}, 10).touch(1, "x");
  site.update();
  expect_as_from_scratch(site);
  for (const auto& [who, where] : {By{"forge", "/srv/shop"}, By{"third", "/srv/two"}}) {
    site.by(who, where).commit(4, {2, 3}, 40).touch(4, "x");
  }
  site.update();
  expect_as_from_scratch(site);
}

TEST(Increment, FollowsASecondWhoTellsOfAMergeThatTouchesNothing) {
  Site site("merge_empty");
  split(site);
  site.by("git", "host/shop").complete();
  site.by("forge", "/srv/shop").complete().covered("commit_path/1", "", 1000);
  site.by("git", "host/shop");
  tell_of_a_merge(site);
  site.by("forge", "/srv/shop").commit(1, {}, 10).touch(1, "x");
  site.update();
  expect_as_from_scratch(site);
  site.by("forge", "/srv/shop").commit(4, {2, 3}, 40);
  site.update();
  expect_as_from_scratch(site);
}

TEST(Increment, FollowsPathsOfAMergeThatChangeWhileASecondTellsThem) {
  Site site("merge_swap");
  split(site);
  site.by("git", "host/shop").complete().covered("commit_path/1", "", 1000);
  site.by("forge", "/srv/shop").complete().covered("commit_path/1", "", 1000);
  site.by("git", "host/shop");
  tell_of_a_merge(site);
  site.touch(4, "x");
  site.update();
  site.remove_touch(4, "x").touch(4, "z");
  site.by("forge", "/srv/shop").touch(4, "z").touch(4, "x");
  site.update();
  expect_as_from_scratch(site);
}

// A shallow clone does not know of all parents, until it is deepened.
TEST(Increment, FollowsACommitThatTurnsOutToBeAMerge) {
  Site site("merge_late");
  split(site);
  site.by("git", "host/shop").covered("commit/1", "shallow", 1000).covered("ref/1", "", 1000);
  site.covered("commit_path/1", "", 1000);
  site.commit(1, {}, 10).touch(1, "x").commit(2, {}, 20).touch(2, "x").update();
  expect_as_from_scratch(site);
  site.commit(2, {1, 9}, 20).update();
  expect_as_from_scratch(site);
}

}  // namespace
}  // namespace baselined::derive
