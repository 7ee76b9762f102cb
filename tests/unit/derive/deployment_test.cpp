// The rules, one by one: what is a deployment and what did it ship.
#include <gtest/gtest.h>

#include "tests/unit/derive/fact_lines.h"
#include "tests/unit/derive/history.h"

namespace baselined::derive {
namespace {

TEST(Deployment, FirstIsTheSeedWithoutLeadTimes) {
  Site site("seed");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {2}, 30).commit(4, {3}, 40);
  site.annotated("v1", 2, 25, 101).annotated("v2", 4, 50, 102).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 2 tag v1 at 25 seed ships 2",
                   "shop host/shop 4 tag v2 at 50 after v1 gap 25 ships 2"}));
  EXPECT_EQ(commit_lines(site.db()), Lines({"shop host/shop 1 at 10 in v1 at 25 lead -",
                                            "shop host/shop 2 at 20 in v1 at 25 lead -",
                                            "shop host/shop 3 at 30 in v2 at 50 lead 20",
                                            "shop host/shop 4 at 40 in v2 at 50 lead 10"}));
  EXPECT_EQ(exclusion_lines(site.db()), Lines());
}

TEST(Deployment, LightweightTagCountsFromItsCommit) {
  Site site("lightweight");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20).tag("v1", 1).tag("v2", 2).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 2 tag v2 at 20 after v1 gap 10 ships 1"}));
}

TEST(Deployment, OnlyTagsThatTheRuleNamesCount) {
  Site site("globs");
  site.mapping() = shop({"v*", "release-?"});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {2}, 30);
  site.tag("nightly", 1).tag("release-1", 2).tag("release-10", 3).branch("v", 3).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 2 tag release-1 at 20 seed ships 2"}));
}

TEST(Deployment, HeadThatIsAnAncestorOfTheOneBeforeIsARollback) {
  Site site("rollback");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {2}, 30);
  site.tag("v1", 1).tag("v3", 3).annotated("v2", 2, 40, 101).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 3 tag v3 at 30 after v1 gap 20 ships 2",
                   "shop host/shop 2 tag v2 at 40 after v3 gap 10 rollback ships 0"}));
}

TEST(Deployment, SameCommitAgainAfterAnotherIsARollback) {
  Site site("again");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {}, 20);
  site.annotated("v1", 1, 15, 101).tag("v2", 2).annotated("v1-again", 1, 30, 102).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 15 seed ships 1",
                   "shop host/shop 2 tag v2 at 20 after v1 gap 5 ships 1",
                   "shop host/shop 1 tag v1-again at 30 after v2 gap 10 rollback ships 0"}));
}

TEST(Deployment, KnownHeadOnAnotherLineIsNoRollback) {
  Site site("other_line");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {}, 30);
  site.tag("v2", 2).tag("v3", 3).annotated("v1", 1, 40, 101).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()).back(),
            "shop host/shop 1 tag v1 at 40 after v3 gap 10 ships 0");
}

TEST(Deployment, SeveralTagsInARowOnOneCommitAreOne) {
  Site site("several_tags");
  site.mapping() = shop({"v*", "stable"});
  site.commit(1, {}, 10).commit(2, {1}, 20);
  site.tag("v1", 1).annotated("stable", 2, 25, 101).annotated("v2.0", 2, 30, 102);
  site.complete().update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 2 tag stable at 25 after v1 gap 15 ships 1"}));
}

TEST(Deployment, KnownTimeOfATagBeatsTheGuessOfALightweightOne) {
  Site site("alias");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20);
  site.tag("v1", 1).annotated("v2", 2, 30, 101).tag("v2-latest", 2).complete().update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 2 tag v2 at 30 after v1 gap 20 ships 1"}));
}

TEST(Deployment, KnownTimeBeatsTheGuessUnderOneName) {
  Site site("seen_both_ways");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20);
  site.tag("v1", 1).tag("v2", 2).annotated("v2", 2, 30, 101).complete().update();
  EXPECT_EQ(deployment_lines(site.db()).back(),
            "shop host/shop 2 tag v2 at 30 after v1 gap 20 ships 1");
}

TEST(Deployment, KnownTimeOfATagBeatsTheBranch) {
  Site site("tag_on_branch");
  site.mapping() = shop({"v*"}, {"main"});
  site.commit(1, {}, 10).commit(2, {1}, 20).branch("main", 2).annotated("v2", 2, 30, 101);
  site.complete().update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 branch main at 10 seed ships 1",
                   "shop host/shop 2 tag v2 at 30 after main gap 20 ships 1"}));
}

TEST(Deployment, TagThatTheRuleDoesNotNameTellsNoTime) {
  Site site("other_name");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20);
  site.tag("v1", 1).tag("v2", 2).annotated("nightly", 2, 30, 101).complete().update();
  EXPECT_EQ(deployment_lines(site.db()).back(),
            "shop host/shop 2 tag v2 at 20 after v1 gap 10 ships 1");
}

TEST(Deployment, TagBeforeBranchOnOneCommit) {
  Site site("tag_and_branch");
  site.mapping() = shop({"v*"}, {"main"});
  site.commit(1, {}, 10).commit(2, {1}, 20).branch("main", 2).tag("v2", 2).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 branch main at 10 seed ships 1",
                   "shop host/shop 2 tag v2 at 20 after main gap 10 ships 1"}));
}

TEST(Deployment, MovedTagCountsTwice) {
  Site site("moved_tag");
  site.mapping() = shop({"live"});
  site.commit(1, {}, 10).commit(2, {1}, 20).tag("live", 1).tag("live", 2).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag live at 10 seed ships 1",
                   "shop host/shop 2 tag live at 20 after live gap 10 ships 1"}));
}

TEST(Deployment, TagThatWasMadeAgainOnTheSameCommitCountsOnceFromTheEarliest) {
  Site site("tag_again");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {2}, 35);
  site.tag("v1", 1).annotated("v2", 2, 40, 102).annotated("v2", 2, 30, 101).tag("v3", 3);
  site.complete().update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 2 tag v2 at 30 after v1 gap 20 ships 1",
                   "shop host/shop 3 tag v3 at 35 after v2 gap 5 ships 1"}));
}

TEST(Deployment, DeletedTagDoesNotCount) {
  Site site("deleted_tag");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {2}, 30);
  site.tag("v1", 1).tag("v2", 2).tag("v3", 3).complete().update();
  site.remove_tag("v2", 2).update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 3 tag v3 at 30 after v1 gap 20 ships 2"}));
  EXPECT_EQ(commit_lines(site.db())[1], "shop host/shop 2 at 20 in v3 at 30 lead 10 or later");
}

TEST(Deployment, TagOnACommitThatWasNotCollectedIsExcludedWithItsTime) {
  Site site("uncollected");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).tag("v1", 1).tag("v8", 8).annotated("v9", 9, 90, 101).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()), Lines({"shop host/shop 1 tag v1 at 10 seed ships 1"}));
  EXPECT_EQ(exclusion_lines(site.db()),
            Lines({"shop deployment at - n 1 v8: tag on a commit that was not collected",
                   "shop deployment at 90 n 1 v9: tag on a commit that was not collected"}));
}

TEST(Deployment, AtOneSecondNoDescendantComesBeforeItsAncestor) {
  Site site("same_second");
  site.mapping() = shop({"*"});
  site.commit(3, {}, 10).commit(2, {3}, 10).commit(1, {2}, 10);
  site.tag("c", 3).tag("b", 2).tag("a", 1).complete().update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 3 tag c at 10 seed ships 1",
                   "shop host/shop 2 tag b at 10 after c gap 0 ships 1",
                   "shop host/shop 1 tag a at 10 after b gap 0 ships 1"}));
}

TEST(Deployment, AtOneSecondSiblingsGoByNameAndEachCountsOnce) {
  Site site("siblings");
  site.mapping() = shop({"*"});
  site.commit(1, {}, 10).commit(2, {}, 10).tag("a", 1).tag("b", 2).tag("c", 1).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag a at 10 seed ships 1",
                   "shop host/shop 2 tag b at 10 after a gap 0 ships 1"}));
}

TEST(Deployment, OrphanRootShipsItsWholeLine) {
  Site site("orphan");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {}, 20).commit(3, {2}, 30).tag("v1", 1).tag("v2", 3);
  site.complete().update();
  EXPECT_EQ(deployment_lines(site.db()).back(),
            "shop host/shop 3 tag v2 at 30 after v1 gap 20 ships 2");
}

TEST(Deployment, ShallowCloneHasNoneAndSaysWhy) {
  Site site("shallow");
  site.mapping() = shop({"v*"}, {"main"});
  site.commit(5, {4}, 50).commit(6, {5}, 60).tag("v5", 5).annotated("v6", 6, 65, 101);
  site.branch("main", 6).covered("commit/1", "shallow clone", 100).covered("ref/1", "", 100);
  site.update();
  EXPECT_EQ(deployment_lines(site.db()), Lines());
  const std::string why = ": the history is not complete: shallow clone";
  EXPECT_EQ(exclusion_lines(site.db()),
            Lines({"shop deployment at 50 n 1 v5" + why, "shop deployment at 60 n 1 main" + why,
                   "shop deployment at 65 n 1 v6" + why}));
  EXPECT_EQ(commit_lines(site.db()),
            Lines({"shop host/shop 5 at 50 unshipped", "shop host/shop 6 at 60 unshipped"}));
}

TEST(Deployment, OnceCompleteAProblemLaterTakesNothingBack) {
  Site site("problem_later");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).tag("v1", 1).complete().update();
  site.covered("commit/1", "corrupt pack", 2000).commit(2, {1}, 20).tag("v2", 2).update();
  EXPECT_EQ(deployment_lines(site.db()).size(), 2U);
}

TEST(Deployment, WithoutARuleThereIsNoneAndNoExclusion) {
  Site site("no_rule");
  site.mapping() = shop({});
  site.commit(1, {}, 10).tag("v1", 1).branch("main", 1).complete().update();
  EXPECT_EQ(deployment_lines(site.db()), Lines());
  EXPECT_EQ(exclusion_lines(site.db()), Lines());
  EXPECT_EQ(service_lines(site.db()), Lines({"shop: -"}));
  EXPECT_EQ(commit_lines(site.db()), Lines({"shop host/shop 1 at 10 unshipped"}));
}

TEST(Deployment, BotsCommitsAreMarkedAndShippedLikeOthers) {
  Site site("bots");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20, true).tag("v1", 1).annotated("v2", 2, 30, 101);
  site.complete().update();
  EXPECT_EQ(commit_lines(site.db()).back(), "shop host/shop 2 at 20 bot in v2 at 30 lead 10");
}

TEST(Deployment, CommitWithoutATimeHasNoLeadTimeAndIsCounted) {
  Site site("unknown_time");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, {}).commit(3, {2}, 30).commit(4, {3}, {});
  site.tag("v1", 1).tag("v3", 3).tag("v4", 4).complete().update();
  EXPECT_EQ(commit_lines(site.db())[1], "shop host/shop 2 at - in v3 at 30 lead - or later");
  EXPECT_EQ(exclusion_lines(site.db()),
            Lines({"shop commit at - n 2 : no time is known for the commit",
                   "shop deployment at - n 1 v4: no time is known for the tag",
                   "shop lead_time at 30 n 1 : no time is known for the commit"}));
}

TEST(Deployment, CommitLaterThanItsDeploymentHasLeadTimeZero) {
  Site site("clamped");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 99).commit(3, {2}, 30).tag("v1", 1).tag("v3", 3);
  site.complete().update();
  EXPECT_EQ(commit_lines(site.db())[1],
            "shop host/shop 2 at 99 in v3 at 30 lead 0 clamped or later");
  EXPECT_EQ(commit_lines(site.db())[2], "shop host/shop 3 at 30 in v3 at 30 lead 0 or later");
}

TEST(Deployment, BranchDeploysEachFirstParentAndMergesShipWhatTheyBring) {
  Site site("branch");
  site.mapping() = shop({}, {"main"});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {1}, 30).commit(4, {3}, 40);
  site.commit(5, {2, 4}, 50).branch("main", 5).branch("feature", 4).complete().update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 branch main at 10 seed ships 1",
                   "shop host/shop 2 branch main at 20 after main gap 10 ships 1",
                   "shop host/shop 5 branch main at 50 after main gap 30 ships 3"}));
  EXPECT_EQ(commit_lines(site.db())[2], "shop host/shop 3 at 30 in main at 50 lead 20 or later");
}

TEST(Deployment, RemoteTrackingBranchCountsWhereTheLocalOneIsMissing) {
  Site site("remote");
  site.mapping() = shop({}, {"main"});
  site.commit(1, {}, 10).commit(2, {1}, 20).branch("origin/main", 2).complete().update();
  EXPECT_EQ(deployment_lines(site.db()).size(), 2U);
  site.branch("main", 1).update();
  EXPECT_EQ(deployment_lines(site.db()).size(), 1U);
  site.remove_branch("main").update();
  EXPECT_EQ(deployment_lines(site.db()).size(), 2U);
}

TEST(Deployment, ForcePushTakesBackWhatIsNoLongerOnTheBranch) {
  Site site("force_push");
  site.mapping() = shop({}, {"main"});
  site.commit(1, {}, 10).commit(2, {1}, 20).commit(3, {2}, 30).branch("main", 3).complete();
  site.update();
  site.commit(4, {2}, 40).commit(5, {4}, 50).branch("main", 5).update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 branch main at 10 seed ships 1",
                   "shop host/shop 2 branch main at 20 after main gap 10 ships 1",
                   "shop host/shop 4 branch main at 40 after main gap 20 ships 1",
                   "shop host/shop 5 branch main at 50 after main gap 10 ships 1"}));
  EXPECT_EQ(commit_lines(site.db())[2], "shop host/shop 3 at 30 unshipped");
}

TEST(Deployment, BranchAtACommitThatWasNotCollectedIsExcluded) {
  Site site("lost_tip");
  site.mapping() = shop({}, {"main"});
  site.commit(1, {}, 10).branch("main", 9).complete().update();
  EXPECT_EQ(deployment_lines(site.db()), Lines());
  EXPECT_EQ(exclusion_lines(site.db()),
            Lines({"shop deployment at - n 1 main: branch at a commit that was not collected"}));
}

TEST(Deployment, BranchNamedTwiceInTheRuleCountsOnce) {
  Site site("branch_twice");
  site.mapping() = shop({}, {"main", "main"});
  site.commit(1, {}, 10).commit(2, {1}, {}).commit(3, {2}, 30).branch("main", 3).complete();
  site.update();
  EXPECT_EQ(deployment_lines(site.db()).size(), 2U);
  EXPECT_EQ(exclusion_lines(site.db())[1],
            "shop deployment at - n 1 main: no time is known for the commit on the branch");
}

TEST(Deployment, TwoRepositoriesOfOneServiceEachHaveTheirSeed) {
  Site site("two_repositories");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20).tag("v1", 1).tag("v2", 2).complete();
  site.by("git", "host/web").commit(7, {}, 15).commit(8, {7}, 25).tag("v1", 7).tag("v2", 8);
  site.complete().update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 2 tag v2 at 20 after v1 gap 10 ships 1",
                   "shop host/web 7 tag v1 at 15 seed ships 1",
                   "shop host/web 8 tag v2 at 25 after v1 gap 10 ships 1"}));
}

}  // namespace
}  // namespace baselined::derive
