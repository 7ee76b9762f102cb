#include "daemon/kpi/summary.h"

#include <gmock/gmock.h>

#include "tests/unit/kpi/fact_tables.h"

namespace baselined::kpi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Coverage covered(const std::string& from, const std::string& until) {
  Coverage coverage;
  coverage.add({"commit/1", at(from), at(until), "", "example.org/shop"});
  return coverage;
}

class Summaries : public testing::Test {
 protected:
  KpiResult summarised(Kind kind, Observations observations, const Coverage& coverage) {
    definition_.kind = kind;
    KpiResult result;
    result.definition = &definition_;
    result.window = window_;
    summarise(std::move(observations), coverage, zone_, result);
    return result;
  }
  KpiResult days_per_week(const std::vector<std::string>& moments, const Coverage& coverage) {
    Observations observations;
    for (const std::string& moment : moments) {
      observations.moments.push_back(at(moment));
    }
    return summarised(Kind::level, std::move(observations), coverage);
  }

  Definition definition_;
  // Three complete weeks: Monday 2 March to Sunday 22 March.
  Window window_ = utc_window("2026-03-01", "2026-03-25");
  Coverage all_ = covered("2020-01-01", "2027-01-01");
  TimeZone zone_ = TimeZone::utc();
};

TEST_F(Summaries, AProportionHasWilsonsInterval) {
  Observations observations;
  observations.successes = 81;
  observations.trials = 263;
  const KpiResult result = summarised(Kind::proportion, observations, all_);
  EXPECT_EQ(result.n, 263U);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", testing::DoubleEq(81.0 / 263))));
  EXPECT_EQ(result.numerator, 81);
  EXPECT_EQ(result.denominator, 263);
  EXPECT_NEAR(*result.lower, 0.255288519878, 1e-10);
  EXPECT_NEAR(*result.upper, 0.366209576983, 1e-10);
}

TEST_F(Summaries, AProportionOfNothingHasNoValue) {
  const KpiResult result = summarised(Kind::proportion, {}, all_);
  EXPECT_EQ(result.n, 0U);
  EXPECT_THAT(result.stats, IsEmpty());
  EXPECT_FALSE(result.numerator || result.denominator || result.lower || result.upper);
}

TEST_F(Summaries, DaysPerWeekIsTheMedianOverCompleteWeeks) {
  const KpiResult result = days_per_week(
      {"2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", "2026-03-08T23:59:59Z",  // two days
       "2026-03-09", "2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13",    // five days
       "2026-03-16"},                                                           // one day
      all_);
  EXPECT_EQ(result.n, 3U);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", 2)));
  EXPECT_FALSE(result.lower || result.upper || result.numerator || result.denominator);
}

TEST_F(Summaries, DaysOutsideCompleteWeeksDoNotCount) {
  const KpiResult result = days_per_week(
      {"2026-03-01T23:59:59Z", "2026-03-23", "2026-03-24", "2026-03-24T12:00:00Z"}, all_);
  EXPECT_EQ(result.n, 3U);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", 0)));
}

TEST_F(Summaries, AWeekWithoutDeploymentsCountsAsZero) {
  window_ = utc_window("2026-03-02", "2026-03-16");
  const KpiResult result = days_per_week({"2026-03-02", "2026-03-03", "2026-03-04"}, all_);
  EXPECT_EQ(result.n, 2U);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", 1.5)));
}

TEST_F(Summaries, WithoutACompleteWeekThereIsNoValue) {
  window_ = utc_window("2026-03-03", "2026-03-15");
  const KpiResult result = days_per_week({"2026-03-09"}, all_);
  EXPECT_EQ(result.n, 0U);
  EXPECT_THAT(result.stats, IsEmpty());
}

TEST_F(Summaries, AWeekThatWasNotReadCompletelyIsLeftOut) {
  const std::vector<std::string> moments{"2026-03-17", "2026-03-18"};
  const KpiResult late = days_per_week(moments, covered("2026-03-09T00:00:01Z", "2027-01-01"));
  EXPECT_EQ(late.n, 1U);
  EXPECT_THAT(late.stats, ElementsAre(Pair("value", 2)));
  const KpiResult early = days_per_week(moments, covered("2020-01-01", "2026-03-22"));
  EXPECT_EQ(early.n, 2U);
  EXPECT_THAT(early.stats, ElementsAre(Pair("value", 0)));
  EXPECT_THAT(days_per_week(moments, covered("2026-03-25", "2027-01-01")).stats, IsEmpty());
}

TEST_F(Summaries, DaysAreLocal) {
  zone_ = *TimeZone::find("Europe/Amsterdam");
  window_ = Window{"", at("2026-03-22T23:00:00Z"), at("2026-03-29T22:00:00Z")};
  // Sunday 29 March has 23 hours: 22:30 UTC on Saturday is still Saturday, 23:00 is Sunday.
  const KpiResult result =
      days_per_week({"2026-03-28T22:30:00Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"}, all_);
  EXPECT_EQ(result.n, 1U);
  EXPECT_THAT(result.stats, ElementsAre(Pair("value", 2)));
}

}  // namespace
}  // namespace baselined::kpi
