// Who owns what: services, repositories, collectors and their coverage.
#include <gtest/gtest.h>

#include "tests/unit/derive/fact_lines.h"
#include "tests/unit/derive/history.h"

namespace baselined::derive {
namespace {

TEST(Service, UnclaimedRepositoryIsOneWithoutARule) {
  Site site("unclaimed");
  site.commit(1, {}, 10).complete().update();
  EXPECT_EQ(service_lines(site.db()), Lines({"shop: -"}));
}

TEST(Service, EmptyRepositoryThatWasReadIsKnown) {
  Site site("empty");
  site.complete(500).update();
  EXPECT_EQ(service_lines(site.db()), Lines({"shop: -"}));
  EXPECT_EQ(input_lines(site.db()),
            Lines({"shop commit/1 host/shop until 500: ", "shop ref/1 host/shop until 500: "}));
}

TEST(Service, OfTheMappingIsThereWithoutARepositoryAndSaysSo) {
  Site site("no_repository");
  site.mapping().services.push_back({"bank", {"host/bank"}, {"v*", "w*"}, {"main", "next"}});
  site.update();
  EXPECT_EQ(service_lines(site.db()), Lines({"bank: tags v*, w*; branches main, next"}));
  EXPECT_EQ(input_lines(site.db()),
            Lines({"bank commit/1  until -: no repository of this service is known",
                   "bank ref/1  until -: no repository of this service is known"}));
}

TEST(Service, AliasMakesTwoIdentitiesOneRepositoryAndEachCommitCountsOnce) {
  Site site("aliases");
  site.mapping() = shop({"v*"});
  site.mapping().repositories.push_back({"host/shop", {"/srv/shop"}});
  site.by("forge", "/srv/shop").commit(1, {}, 10).commit(2, {1}, 20).tag("v1", 1).complete();
  site.by("git", "host/shop").commit(2, {1}, 20).commit(3, {2}, 30).tag("v1", 1).tag("v3", 3);
  site.complete().update();
  EXPECT_EQ(commit_lines(site.db()).size(), 3U);
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 3 tag v3 at 30 after v1 gap 20 ships 2"}));
}

TEST(Service, SecondRepositoryOfANameGivesBothTheirWholeIdentity) {
  Site site("clash");
  site.by("git", "host/a/shop").commit(1, {}, 10).complete().update();
  EXPECT_EQ(service_lines(site.db()), Lines({"shop: -"}));
  const Touched touched = site.by("git", "host/b/shop").commit(2, {}, 10).complete().update();
  EXPECT_EQ(service_lines(site.db()), Lines({"host/a/shop: -", "host/b/shop: -"}));
  EXPECT_EQ(touched.services, std::vector<std::string>({"host/a/shop", "host/b/shop"}));
  EXPECT_EQ(commit_lines(site.db()), Lines({"host/a/shop host/a/shop 1 at 10 unshipped",
                                            "host/b/shop host/b/shop 2 at 10 unshipped"}));
}

TEST(Service, NameOfTheMappingIsNotGivenToAnUnclaimedRepository) {
  Site site("taken");
  site.mapping().services.push_back({"shop", {"host/web"}, {}, {}});
  site.commit(1, {}, 10).update();
  EXPECT_EQ(service_lines(site.db()), Lines({"host/shop: -", "shop: -"}));
}

TEST(Service, RefsOfACollectorCountOnlyOnceItReadEverything) {
  Site site("second_collector");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).commit(2, {1}, 20).tag("v2", 2).complete();
  site.by("late", "host/shop").tag("v1", 1).covered("ref/1", "", 100).update();
  EXPECT_EQ(deployment_lines(site.db()), Lines({"shop host/shop 2 tag v2 at 20 seed ships 2"}));
  site.covered("commit/1", "", 100).update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 tag v1 at 10 seed ships 1",
                   "shop host/shop 2 tag v2 at 20 after v1 gap 10 ships 1"}));
}

TEST(Service, InputIsTheBestOfItsCollectors) {
  Site site("best_input");
  site.covered("commit/1", "", 100).covered("ref/1", "gone", 100);
  site.by("other", "host/shop").covered("commit/1", "", 300).covered("ref/1", "", 50).update();
  EXPECT_EQ(input_lines(site.db()),
            Lines({"shop commit/1 host/shop until 300: ", "shop ref/1 host/shop until 50: "}));
}

// Two pipelines of one repository, "ci/shop" and "ci/cart".
Mapping two_pipelines() {
  Mapping mapping = shop({});
  mapping.repositories.push_back({"host/shop", {"ci/shop", "ci/cart"}});
  mapping.services[0].deployment_jobs = {"deploy"};
  mapping.services[0].deployment_pipelines = {"ci/*"};
  return mapping;
}

// The other one may have read all of its own, which are not deployments.
TEST(Service, InputOfPipelinesThatCountIsOfWhoTellsOfThem) {
  Site site("input_of_pipelines");
  site.mapping() = two_pipelines();
  site.commit(1, {}, 10).complete().complete_forge().job(1, 1, "deploy", 1, true, 15);
  site.by("ci", "ci/shop").job(1, 1, "deploy", 1, true, 20).update();
  EXPECT_EQ(deployment_lines(site.db()), Lines());
  EXPECT_EQ(input_lines(site.db())[0],
            "shop ci_job/1 host/shop until -: not collected completely yet");
  site.covered("ci_job/1", "", 300).update();
  EXPECT_EQ(deployment_lines(site.db()),
            Lines({"shop host/shop 1 job deploy #1 in 1 at 20 seed ships 1"}));
  EXPECT_EQ(input_lines(site.db())[0], "shop ci_job/1 host/shop until 300: ");
}

TEST(Service, InputOfTwoPipelinesIsWhatBothAre) {
  Site site("input_of_two_pipelines");
  site.mapping() = two_pipelines();
  site.commit(1, {}, 10).complete();
  site.by("ci", "ci/shop").job(1, 1, "deploy", 1, true, 20).covered("ci_job/1", "", 300);
  site.by("ci2", "ci/cart").job(1, 1, "deploy", 1, true, 25).update();
  EXPECT_EQ(input_lines(site.db())[0],
            "shop ci_job/1 host/shop until -: not collected completely yet");
  site.covered("ci_job/1", "", 200).update();
  EXPECT_EQ(input_lines(site.db())[0], "shop ci_job/1 host/shop until 200: ");
  site.covered("ci_job/1", "", 400).covered("ci_job/1", "3 were not taken", 500).update();
  EXPECT_EQ(input_lines(site.db())[0], "shop ci_job/1 host/shop until 300: 3 were not taken");
  // Of two reasons that of who is behind.
  site.by("ci", "ci/shop").covered("ci_job/1", "HTTP 401", 500).update();
  EXPECT_EQ(input_lines(site.db())[0], "shop ci_job/1 host/shop until 300: HTTP 401");
}

// Of a collector that has told of nothing yet no pipeline has a name; where all count, its do.
TEST(Service, InputOfAllPipelinesLacksWhatASilentCollectorCouldNotRead) {
  Site site("input_of_the_silent");
  site.mapping() = two_pipelines();
  site.mapping().services[0].deployment_pipelines = {"*"};
  site.commit(1, {}, 10).complete();
  site.by("ci", "ci/shop").job(1, 1, "deploy", 1, true, 20).covered("ci_job/1", "", 300);
  site.by("none", "host/shop").covered("ci_job/1", "", 900);
  site.by("ci2", "ci/cart").covered("ci_job/1", "HTTP 403", 100).update();
  EXPECT_EQ(input_lines(site.db())[0], "shop ci_job/1 host/shop until -: HTTP 403");
}

TEST(Service, InputOfTwoPipelinesBeginsWithTheLaterOne) {
  Site site("input_begins");
  site.mapping() = two_pipelines();
  site.commit(1, {}, 10).complete();
  site.by("ci", "ci/shop").job(1, 1, "deploy", 1, true, 20).covered("ci_job/1", "", 300);
  site.by("ci2", "ci/cart").job(1, 1, "deploy", 1, true, 275).covered("ci_job/1", "", 400, 250);
  site.update();
  auto begin = site.db().prepare(
      "SELECT complete_from / 1000000 FROM fact_input WHERE contract = 'ci_job/1'");
  ASSERT_TRUE(begin && begin->step());
  EXPECT_EQ(begin->integer(0), 250);
  EXPECT_EQ(input_lines(site.db())[0], "shop ci_job/1 host/shop until 300: ");
}

// A project that went from one collector to another, and both stay in the configuration.
TEST(Service, InputOfAPipelineThatTwoReadIsTheBestOfThem) {
  Site site("input_of_one_pipeline");
  site.mapping() = two_pipelines();
  site.commit(1, {}, 10).complete();
  site.by("old", "ci/shop").job(1, 1, "deploy", 1, true, 20).covered("ci_job/1", "", 200);
  site.by("new", "ci/shop").job(1, 1, "deploy", 1, true, 20).covered("ci_job/1", "", 900).update();
  EXPECT_EQ(input_lines(site.db())[0], "shop ci_job/1 host/shop until 900: ");
}

TEST(Service, OfTwoRepositoriesLacksTheChangesThatNobodyReads) {
  Site site("half_read");
  site.mapping().services.push_back({"shop", {"host/*"}, {"v*"}, {}});
  site.complete().covered("change/1", "", 700).by("git", "host/cart").complete().update();
  const std::string missing =
      "shop change/1 host/cart until -: changes of this repository of the service are not "
      "collected";
  EXPECT_EQ(input_lines(site.db()),
            Lines({missing, "shop change/1 host/shop until 700: ",
                   "shop commit/1 host/cart until 1000: ", "shop commit/1 host/shop until 1000: ",
                   "shop ref/1 host/cart until 1000: ", "shop ref/1 host/shop until 1000: "}));
  site.covered("change/1", "", 800).update();
  EXPECT_EQ(input_lines(site.db())[0], "shop change/1 host/cart until 800: ");
}

TEST(Service, InputKeepsItsLastSpanAndTheReasonWhyItIsNotComplete) {
  Site site("input_reason");
  site.covered("commit/1", "", 100).covered("commit/1", "corrupt pack", 200).update();
  EXPECT_EQ(input_lines(site.db()),
            Lines({"shop commit/1 host/shop until 100: corrupt pack",
                   "shop ref/1 host/shop until -: not collected completely yet"}));
}

TEST(ConfiguredCollectors, OthersTakeNoPartUntilTheyAreConfiguredAgain) {
  Site site("removed_collector");
  site.mapping() = shop({"v*"});
  site.commit(1, {}, 10).annotated("v1", 1, 15, 101).complete();
  site.by("second", "host/shop").commit(1, {}, 10).commit(2, {1}, 20).annotated("v2", 2, 25, 102);
  site.complete(2000).by("second", "host/bank").commit(9, {}, 90).complete();
  site.mapping().collectors = {{"git", "second"}};
  site.update();
  const Lines both = all_lines(site.db());
  EXPECT_EQ(deployment_lines(site.db()).size(), 2U);

  site.mapping().collectors = {{"git"}};
  EXPECT_FALSE(is_current(site.db(), site.mapping()).value_or(true));
  EXPECT_TRUE(site.update().everything);
  EXPECT_EQ(deployment_lines(site.db()), Lines({"shop host/shop 1 tag v1 at 15 seed ships 1"}));
  EXPECT_EQ(commit_lines(site.db()).size(), 1U);
  EXPECT_EQ(input_lines(site.db()),
            Lines({"shop commit/1 host/shop until 1000: ", "shop ref/1 host/shop until 1000: "}));

  // What it still told arrives later, and changes what is known of nobody.
  site.by("second", "host/shop").commit(3, {2}, 30).remove_commit(2).annotated("v3", 3, 35, 103);
  site.by("second", "host/new").commit(8, {}, 80).covered("commit/1", "shallow", 3000);
  EXPECT_TRUE(site.update().services.empty());
  EXPECT_EQ(deployment_lines(site.db()).size(), 1U);
  site.by("second", "host/shop").commit(2, {1}, 20).remove_commit(3).remove_tag("v3", 103);
  site.update();

  site.mapping().collectors = {{"git", "second"}};
  site.update();
  EXPECT_EQ(deployment_lines(site.db()).size(), 2U);
  EXPECT_NE(all_lines(site.db()), both);  // host/new came
}

}  // namespace
}  // namespace baselined::derive
