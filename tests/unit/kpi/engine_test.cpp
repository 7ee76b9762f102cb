#include "daemon/kpi/engine.h"

#include <gmock/gmock.h>

#include "tests/unit/kpi/fact_tables.h"

namespace baselined::kpi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

using Engines = FactTables;

const Window march = utc_window("2026-03-01", "2026-04-01");

TEST_F(Engines, ADurationHasMedianAndQuantiles) {
  add_service(1, "shop");
  for (const char* lead : {"4h", "1h", "10h", "3h", "2h"}) {
    add_shipped_commit(1, "2026-03-10", lead);
  }
  const KpiResult result = shop("dora_commit_lead_time", march);
  EXPECT_EQ(result.service, "shop");
  EXPECT_EQ(result.definition->id, "dora_commit_lead_time");
  EXPECT_EQ(result.n, 5U);
  EXPECT_THAT(result.stats,
              ElementsAre(Pair("median", 3 * 3600), Pair("p75", 4 * 3600), Pair("p90", 27360)));
  EXPECT_FALSE(result.lower);  // five values have no 95 % interval
  EXPECT_FALSE(result.provisional);
}

TEST_F(Engines, ADurationOfSixHasAnInterval) {
  add_service(1, "shop");
  for (const char* lead : {"1h", "2h", "3h", "4h", "5h", "6h"}) {
    add_shipped_commit(1, "2026-03-10", lead);
  }
  const KpiResult result = shop("dora_commit_lead_time", march);
  ASSERT_TRUE(result.lower && result.upper);
  EXPECT_NEAR(*result.lower, (1 + 5.0 / 14) * 3600, 1e-6);
  EXPECT_NEAR(*result.upper, (6 - 5.0 / 14) * 3600, 1e-6);
}

TEST_F(Engines, ADurationOfNothingHasNoValue) {
  add_service(1, "shop");
  const KpiResult result = shop("dora_commit_lead_time", march);
  EXPECT_EQ(result.n, 0U);
  EXPECT_THAT(result.stats, IsEmpty());
  EXPECT_FALSE(result.provisional);
}

TEST_F(Engines, AWindowIsHalfOpen) {
  add_service(1, "shop");
  add_deployment(1, "2026-02-28T23:59:59.999999Z");
  add_deployment(1, "2026-03-01");
  add_deployment(1, "2026-03-31T23:59:59.999999Z");
  add_deployment(1, "2026-04-01");
  EXPECT_EQ(shop("dora_deployment_frequency", march).n, 2U);
  EXPECT_EQ(shop("time_between_deployments", march).n, 2U);
}

TEST_F(Engines, ARateIsEventsPerDayWithItsInterval) {
  add_service(1, "shop");
  for (int i = 0; i < 10; ++i) {
    add_deployment(1, "2026-03-10");
  }
  const KpiResult result = shop("dora_deployment_frequency", march);
  EXPECT_EQ(result.n, 10U);
  EXPECT_EQ(result.numerator, 10);
  EXPECT_EQ(result.denominator, 31);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", testing::DoubleEq(10.0 / 31))));
  EXPECT_NEAR(*result.lower, 4.79538869613 / 31, 1e-10);
  EXPECT_NEAR(*result.upper, 18.390356042 / 31, 1e-10);
}

TEST_F(Engines, ARateOfNothingIsZeroWhereItWasMeasured) {
  add_service(1, "shop", "2026-04-01");
  const KpiResult result = shop("dora_deployment_frequency", march);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", 0)));
  EXPECT_EQ(result.numerator, 0);
  EXPECT_EQ(result.lower, 0);
  EXPECT_GT(*result.upper, 0);
  EXPECT_FALSE(result.provisional);
}

TEST_F(Engines, ARateOfNothingHasNoValueWhereAnInstantWasNotMeasured) {
  add_service(1, "shop", "2026-03-31T23:59:59.999999Z");
  const KpiResult late = shop("dora_deployment_frequency", march);
  EXPECT_THAT(late.stats, IsEmpty());
  EXPECT_FALSE(late.numerator || late.denominator || late.lower || late.upper);
  EXPECT_TRUE(late.provisional);

  remove_inputs();
  add_input(1, "commit/1", "a", INT64_MIN, "2026-05-01");
  add_input(1, "ref/1", "a", to_us(at("2026-03-01T00:00:00.000001Z")), "2026-05-01");
  const KpiResult early = shop("dora_deployment_frequency", march);
  EXPECT_THAT(early.stats, IsEmpty());
  EXPECT_TRUE(early.provisional);
}

TEST_F(Engines, SomethingInAPartOfTheWindowIsAProvisionalValue) {
  add_service(1, "shop", "2026-03-15");
  add_deployment(1, "2026-03-10");
  const KpiResult result = shop("dora_deployment_frequency", march);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", testing::DoubleEq(1.0 / 31))));
  EXPECT_TRUE(result.provisional);
}

TEST_F(Engines, WithoutAnyCoverageNothingHasAValue) {
  add_service(1, "shop", "2026-03-01");  // complete until the window begins
  for (const char* lead : {"1h", "2h"}) {
    add_shipped_commit(1, "2026-03-10", lead);
  }
  add_deployment(1, "2026-03-10");
  for (const Definition& each : Catalogue::built_in().all()) {
    const KpiResult result = shop(each.id, march);
    EXPECT_THAT(result.stats, IsEmpty()) << each.id;
    EXPECT_TRUE(result.provisional) << each.id;
  }
  EXPECT_EQ(shop("dora_deployment_frequency", march).n, 1U);
}

TEST_F(Engines, NeverReadCompletelyHasNoValue) {
  add_service(1, "shop");
  remove_inputs();
  add_input(1, "commit/1", "a", INT64_MIN, "2026-05-01");
  add_input(1, "ref/1", "a", INT64_MIN, "", "access denied");
  add_deployment(1, "2026-03-10");
  const KpiResult result = shop("dora_deployment_frequency", march);
  EXPECT_THAT(result.stats, IsEmpty());
  EXPECT_TRUE(result.provisional);
  ASSERT_EQ(result.coverage.size(), 2U);
  EXPECT_EQ(result.coverage[0].contract, "commit/1");
  EXPECT_EQ(result.coverage[0].repository, "a");
  EXPECT_FALSE(result.coverage[0].from);
  EXPECT_EQ(result.coverage[0].until, at("2026-05-01"));
  EXPECT_EQ(result.coverage[0].reason, "");
  EXPECT_FALSE(result.coverage[1].until);
  EXPECT_EQ(result.coverage[1].reason, "access denied");
}

TEST_F(Engines, OneOfTwoRepositoriesIncompleteMakesItProvisional) {
  add_service(1, "shop");
  add_input(1, "ref/1", "example.org/second", INT64_MIN, "2026-03-20");
  add_deployment(1, "2026-03-10");
  const KpiResult result = shop("dora_deployment_frequency", march);
  EXPECT_TRUE(result.provisional);
  EXPECT_EQ(result.stats.count("value"), 1U);
  EXPECT_EQ(result.coverage.size(), 3U);
}

TEST_F(Engines, AReasonMakesACompleteWindowProvisionalAndKeepsItsZero) {
  add_service(1, "shop");
  remove_inputs();
  add_input(1, "commit/1", "a", INT64_MIN, "2026-05-01");
  add_input(1, "ref/1", "a", INT64_MIN, "2026-05-01", "last run failed");
  const KpiResult result = shop("dora_deployment_frequency", march);
  EXPECT_TRUE(result.provisional);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", 0)));
}

TEST_F(Engines, AnInputThatWasNeverSeenIsNamed) {
  add_service(1, "shop");
  remove_inputs();
  add_input(1, "commit/1", "a", INT64_MIN, "2026-05-01");
  const KpiResult result = shop("dora_deployment_frequency", march);
  EXPECT_THAT(result.stats, IsEmpty());
  ASSERT_EQ(result.coverage.size(), 2U);
  EXPECT_EQ(result.coverage[1].contract, "ref/1");
  EXPECT_EQ(result.coverage[1].reason, "never collected");
  // A KPI that does not need it is not affected.
  EXPECT_THAT(shop("commit_activity", march).stats, ElementsAre(Pair("value", 0)));
}

TEST_F(Engines, SettlesAfterTheSettlingTime) {
  const std::string_view text = R"(
id = 'dora_deployment_frequency'
version = 1
title_en = 'x'
title_nl = 'x'
unit = 'per_day'
kind = 'rate'
layer = 'activity'
better = 'higher'
about = 'service'
needs = ['ref/1', 'deployment/1']
settling = '72h'
definition = 'x'
sql = 'SELECT service, finished_at AS at FROM fact_deployment WHERE finished_at >= :from AND finished_at < :to'
)";
  const auto catalogue = Catalogue::parse(std::span(&text, 1));
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  Engine computing(db_, *catalogue, zone_);
  for (const auto& [until, provisional] :
       {std::pair("2026-04-03T23:59:59.999999Z", true), std::pair("2026-04-04T00:00:00Z", false)}) {
    run("DELETE FROM fact_service");
    remove_inputs();
    add_service(1, "shop", "2026-04-01");  // git corrects nothing
    add_input(1, "deployment/1", "example.org/shop", INT64_MIN, until);
    const auto results = computing.compute(catalogue->all()[0], march, "shop");
    ASSERT_TRUE(results);
    EXPECT_EQ(results->at(0).provisional, provisional) << until;
    EXPECT_THAT(results->at(0).stats, ElementsAre(Pair("value", 0)));
  }
}

TEST_F(Engines, WithoutARuleDeploymentsAreUnknown) {
  add_service(1, "shop");
  run("UPDATE fact_service SET deployment_rule = NULL");
  add_commit(1, "2026-03-10");
  for (const char* id : {"dora_deployment_frequency", "deployment_days_per_week",
                         "time_between_deployments", "dora_commit_lead_time"}) {
    const KpiResult result = shop(id, march);
    EXPECT_THAT(result.stats, IsEmpty()) << id;
    EXPECT_THAT(result.excluded, IsEmpty()) << id;
    EXPECT_TRUE(result.provisional) << id;
    ASSERT_FALSE(result.coverage.empty()) << id;
    EXPECT_EQ(result.coverage.back().contract, "deployment") << id;
    EXPECT_EQ(result.coverage.back().reason, "no deployment rule") << id;
  }
  EXPECT_EQ(shop("commit_activity", march).n, 1U);
  EXPECT_FALSE(shop("commit_activity", march).provisional);
}

// Nobody tells of failures: that is not "none failed".
TEST_F(Engines, WithoutIncidentsAndWithoutARuleFailuresAreUnknown) {
  add_service(1, "shop");
  add_deployment(1, "2026-03-10");
  for (const char* id : {"dora_change_fail_rate", "dora_deployment_rework_rate",
                         "dora_failed_deployment_recovery_time"}) {
    const KpiResult result = shop(id, march);
    EXPECT_THAT(result.stats, IsEmpty()) << id;
    EXPECT_TRUE(result.provisional) << id;
    EXPECT_EQ(result.coverage.back().contract, "incident") << id;
    EXPECT_EQ(result.coverage.back().reason,
              "no incidents are collected, and no rule says what repairs a deployment")
        << id;
  }
  run("UPDATE fact_service SET fix_rule = 'reverts'");
  EXPECT_THAT(shop("dora_change_fail_rate", march).stats, IsEmpty());  // a rule about nothing
  EXPECT_TRUE(shop("dora_change_fail_rate", march).provisional);
  add_input(1, "change/1", "example.org/shop", INT64_MIN, "2027-01-01");
  EXPECT_THAT(shop("dora_change_fail_rate", march).stats, ElementsAre(Pair("value", 0)));
  EXPECT_FALSE(shop("dora_change_fail_rate", march).provisional);
  run("UPDATE fact_service SET fix_rule = NULL");
  add_input(1, "incident/1", "example.org/shop", INT64_MIN, "2027-01-01");
  EXPECT_THAT(shop("dora_change_fail_rate", march).stats, ElementsAre(Pair("value", 0)));
}

TEST_F(Engines, IsProvisionalWhileSomethingMayStillCount) {
  add_service(1, "shop");
  add_input(1, "incident/1", "example.org/shop", INT64_MIN, "2027-01-01");
  run(fmt::format("INSERT INTO fact_failed_deployment VALUES (1, {}, NULL, NULL, 0, 0)",
                  to_us(at("2026-03-10"))));
  const KpiResult unknown = shop("dora_failed_deployment_recovery_time", march);
  EXPECT_THAT(unknown.excluded, ElementsAre(Pair("recovery_time_not_known", 1)));
  EXPECT_FALSE(unknown.provisional);
  run("UPDATE fact_failed_deployment SET is_open = 1");
  const KpiResult open = shop("dora_failed_deployment_recovery_time", march);
  EXPECT_THAT(open.excluded, ElementsAre(Pair("not_recovered_yet", 1)));
  EXPECT_TRUE(open.provisional);
}

// A mistyped pattern would otherwise read as "never deployed".
TEST_F(Engines, WithARuleThatNeverMatchedDeploymentsAreUnknown) {
  add_service(1, "shop");
  run("DELETE FROM fact_deployment");
  const KpiResult none = shop("dora_deployment_frequency", march);
  EXPECT_THAT(none.stats, IsEmpty());
  EXPECT_TRUE(none.provisional);
  EXPECT_EQ(none.coverage.back().reason,
            "no deployment, job, run, tag or branch matches the deployment rule");
  EXPECT_FALSE(shop("commit_activity", march).provisional);
  // One that matched and could not be counted is a match: the exclusion tells.
  run("INSERT INTO fact_exclusion VALUES (1, 'deployment', NULL, 'no time is known', 1)");
  EXPECT_THAT(shop("dora_deployment_frequency", march).stats, ElementsAre(Pair("value", 0)));
}

TEST_F(Engines, CountsWhatItExcludesInTheWindowOnly) {
  add_service(1, "shop");
  add_shipped_commit(1, "2026-03-10", "1h");
  add_commit(1, "2026-03-30");
  add_commit(1, "2026-03-31");
  add_commit(1, "2026-04-01");  // after the window
  add_deployment(1, "2026-03-02", "");
  add_deployment(1, "2026-03-03");  // not the first: its commits are not excluded
  run(
      fmt::format("INSERT INTO fact_exclusion VALUES (1, 'lead_time', {}, 'x', 7),"
                  " (1, 'lead_time', {}, 'x', 9), (1, 'deployment', {}, 'x', 1),"
                  " (2, 'lead_time', {}, 'x', 11)",
                  to_us(at("2026-03-02")), to_us(at("2026-02-02")), to_us(at("2026-03-02")),
                  to_us(at("2026-03-02"))));
  EXPECT_THAT(shop("dora_commit_lead_time", march).excluded,
              ElementsAre(Pair("first_deployment", kShipped), Pair("not_deployed", 2),
                          Pair("unknown_commit_time", 7)));
}

TEST_F(Engines, WhatHasNoTimeIsExcludedFromEveryWindow) {
  add_service(1, "shop");
  run(
      fmt::format("INSERT INTO fact_exclusion VALUES (1, 'deployment', NULL, 'no time', 2),"
                  " (1, 'deployment', {}, 'not collected', 3),"
                  " (1, 'deployment', {}, 'not collected', 4), (1, 'commit', NULL, 'x', 5)",
                  to_us(at("2026-03-02")), to_us(at("2026-04-01"))));
  for (const char* id :
       {"dora_deployment_frequency", "deployment_days_per_week", "time_between_deployments"}) {
    EXPECT_THAT(shop(id, march).excluded,
                ElementsAre(Pair("no time", 2), Pair("not collected", 3)));
  }
  EXPECT_THAT(shop("commit_activity", march).excluded, ElementsAre(Pair("unknown_commit_time", 5)));
}

TEST_F(Engines, CountsWhatItAdjusts) {
  add_service(1, "shop");
  add_shipped_commit(1, "2026-03-10", "1h");
  add_shipped_commit(1, "2026-03-10", "0s", true);
  const KpiResult result = shop("dora_commit_lead_time", march);
  EXPECT_EQ(result.n, 2U);
  EXPECT_THAT(result.adjusted, ElementsAre(Pair("clamped", 1)));
}

TEST_F(Engines, CountsLeadTimesOfDeploymentsWithoutATimeOfTheirOwn) {
  add_service(1, "shop");
  add_shipped_commit(1, "2026-03-10", "1h");
  add_shipped_commit(1, "2026-03-10", "0s", false, true);
  add_shipped_commit(1, "2026-03-10", "0s", true, true);
  add_shipped_commit(1, "2026-04-10", "0s", false, true);
  const KpiResult result = shop("dora_commit_lead_time", march);
  EXPECT_EQ(result.n, 3U);
  EXPECT_THAT(result.adjusted,
              ElementsAre(Pair("clamped", 1), Pair("deployment_time_from_commit", 2)));
}

TEST_F(Engines, TheFirstDeploymentHasNoTimeBefore) {
  add_service(1, "shop");
  add_deployment(1, "2026-03-02", "");
  add_deployment(1, "2026-03-04", "48h");
  const KpiResult result = shop("time_between_deployments", march);
  EXPECT_EQ(result.n, 1U);
  EXPECT_EQ(result.stats.at("median"), 48 * 3600);
  EXPECT_THAT(result.excluded, ElementsAre(Pair("first_deployment", 1)));
  EXPECT_EQ(shop("dora_deployment_frequency", march).n, 2U);
}

TEST_F(Engines, OnlyProductionCounts) {
  add_service(1, "shop");
  add_deployment(1, "2026-03-02");
  run("UPDATE fact_deployment SET environment = 'staging'");
  EXPECT_EQ(shop("dora_deployment_frequency", march).n, 0U);
  EXPECT_EQ(shop("time_between_deployments", march).n, 0U);
}

TEST_F(Engines, BotsAreNotActivity) {
  add_service(1, "shop");
  add_commit(1, "2026-03-02");
  add_commit(1, "2026-03-02", true);
  add_commit(1, "2026-03-03", true);
  const KpiResult result = shop("commit_activity", march);
  EXPECT_EQ(result.n, 1U);
  EXPECT_THAT(result.excluded, ElementsAre(Pair("bot", 2)));
}

TEST_F(Engines, ServicesDoNotMix) {
  add_service(1, "shop");
  add_service(2, "api");
  add_deployment(1, "2026-03-02");
  add_deployment(2, "2026-03-02");
  add_deployment(2, "2026-03-03");
  Engine computing = engine();
  const auto results = computing.compute(kpi("dora_deployment_frequency"), march, std::nullopt);
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 2U);  // by name
  EXPECT_EQ(results->at(0).service, "api");
  EXPECT_EQ(results->at(0).n, 2U);
  EXPECT_EQ(results->at(1).service, "shop");
  EXPECT_EQ(results->at(1).n, 1U);
  EXPECT_THAT(*computing.services(), ElementsAre("api", "shop"));
}

TEST_F(Engines, AServiceWithoutInputsIsListedOnlyWhenNamed) {
  add_service(1, "shop");
  run("INSERT INTO fact_service VALUES (2, 'idle', 'tags v*', NULL, 1)");
  Engine computing = engine();
  const Definition& frequency = kpi("dora_deployment_frequency");
  EXPECT_EQ(computing.compute(frequency, march, std::nullopt)->size(), 1U);
  const auto idle = computing.compute(frequency, march, "idle");
  ASSERT_TRUE(idle);
  ASSERT_EQ(idle->size(), 1U);
  EXPECT_THAT(idle->at(0).stats, IsEmpty());
  EXPECT_EQ(idle->at(0).coverage.at(0).reason, "never collected");
}

TEST_F(Engines, AnUnknownServiceNamesTheKnownOnes) {
  add_service(1, "shop");
  add_service(2, "api");
  Engine computing = engine();
  const auto results = computing.compute(kpi("commit_activity"), march, "shpo");
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code(), Error::Code::data);
  EXPECT_EQ(results.error().message(), "there is no service 'shpo'; known are: api, shop");
}

TEST_F(Engines, TheKnownOnesAreNotAllNamed) {
  for (int i = 10; i < 35; ++i) {
    add_service(i, fmt::format("s{}", i));
  }
  Engine computing = engine();
  const auto results = computing.compute(kpi("commit_activity"), march, "x");
  ASSERT_FALSE(results);
  EXPECT_THAT(results.error().message(), testing::EndsWith("s29 and 5 more"));
}

TEST_F(Engines, NothingDerivedYetIsSaid) {
  run("DROP TABLE fact_service");
  Engine computing = engine();
  const auto results = computing.compute(kpi("commit_activity"), march, std::nullopt);
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code(), Error::Code::data);
  EXPECT_THAT(results.error().message(), HasSubstr("nothing has been derived yet"));
}

TEST_F(Engines, ABrokenQueryNamesItsKpi) {
  add_service(1, "shop");
  run("ALTER TABLE fact_deployment DROP COLUMN gap_us");
  Engine computing = engine();
  const auto results = computing.compute(kpi("time_between_deployments"), march, "shop");
  ASSERT_FALSE(results);
  EXPECT_THAT(results.error().message(), testing::StartsWith("time_between_deployments: "));
}

TEST_F(Engines, ComputesAllByServiceDefinitionAndWindow) {
  add_service(1, "shop");
  add_service(2, "api");
  add_service(3, "other");
  for (const int service : {1, 2}) {
    add_input(service, "incident/1", "example.org", INT64_MIN, "2027-01-01");
    add_input(service, "deployment/1", "example.org", INT64_MIN, "2027-01-01");
  }
  add_deployment(1, "2026-03-30");
  const std::vector<Window> windows{*last_days("7d", at("2026-04-01"), zone_),
                                    *last_days("1d", at("2026-04-01"), zone_)};
  const std::vector<std::string> services{"shop", "api"};
  Engine computing = engine();
  const auto all = computing.compute_all(windows, services);
  ASSERT_TRUE(all) << all.error().message();
  const std::size_t kpis = Catalogue::built_in().all().size();
  ASSERT_EQ(all->size(), 2 * kpis * 2);
  for (std::size_t i = 0; i < all->size(); ++i) {
    const KpiResult& result = all->at(i);
    EXPECT_EQ(result.service, services[i / (2 * kpis)]);
    EXPECT_EQ(result.definition, &Catalogue::built_in().all()[i / 2 % kpis]);
    EXPECT_EQ(result.window.name, i % 2 == 0 ? "7d" : "1d");
    const auto alone =
        computing.compute(*result.definition, result.window, std::optional(result.service));
    ASSERT_TRUE(alone);
    EXPECT_EQ(to_json(alone->at(0)), to_json(result));
  }
}

TEST_F(Engines, ComputeAllRefusesAnUnknownService) {
  add_service(1, "shop");
  Engine computing = engine();
  const std::vector<std::string> services{"shop", "gone"};
  const auto all = computing.compute_all(std::span(&march, 1), services);
  ASSERT_FALSE(all);
  EXPECT_THAT(all.error().message(), HasSubstr("'gone'"));
}

TEST_F(Engines, LeavesNoSnapshotBehind) {
  add_service(1, "shop");
  Engine computing = engine();
  ASSERT_TRUE(computing.compute(kpi("commit_activity"), march, "shop"));
  EXPECT_FALSE(db_.in_transaction());
  add_commit(1, "2026-03-02");
  EXPECT_EQ(computing.compute(kpi("commit_activity"), march, "shop")->at(0).n, 1U);
  // Tables can be dropped only when no statement is open.
  run("DROP TABLE fact_commit");
}

TEST_F(Engines, WorksInsideASnapshotOfTheCaller) {
  add_service(1, "shop");
  auto transaction = store::Transaction::begin_read(db_);
  ASSERT_TRUE(transaction);
  Engine computing = engine();
  EXPECT_TRUE(computing.compute(kpi("commit_activity"), march, "shop"));
  EXPECT_TRUE(db_.in_transaction());
}

}  // namespace
}  // namespace baselined::kpi
