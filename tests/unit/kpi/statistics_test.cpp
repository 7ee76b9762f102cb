#include "daemon/kpi/statistics.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace baselined::kpi {
namespace {

// 20 values whose intervals are published with scipy.stats.mstats.median_cihs, checked there
// against the R packages EnvStats (95 %) and quantileCI.
const std::vector<double> twenty_values{0.88612955, 0.35242375, 0.66240904, 0.94617974, 0.10929913,
                                        0.76699506, 0.88550655, 0.62763754, 0.76818588, 0.68506508,
                                        0.88043148, 0.03911248, 0.93805564, 0.95326961, 0.25291112,
                                        0.16128487, 0.49784577, 0.24588924, 0.6597,     0.92239679};

std::vector<double> one_to(int n) {
  std::vector<double> values;
  for (int i = n; i >= 1; --i) {
    values.push_back(i);
  }
  return values;
}

TEST(Sample, QuantilesAreOfTypeSeven) {
  Sample sample({4, 1, 10, 3, 2});
  EXPECT_DOUBLE_EQ(sample.quantile(0.1), 1.4);
  EXPECT_DOUBLE_EQ(sample.quantile(0.5), 3.0);
  EXPECT_DOUBLE_EQ(sample.quantile(0.75), 4.0);
  EXPECT_DOUBLE_EQ(sample.quantile(0.9), 7.6);
}

TEST(Sample, MedianOfAnEvenNumberLiesBetweenTheMiddleTwo) {
  EXPECT_DOUBLE_EQ(Sample({4, 1, 2, 10}).quantile(0.5), 3.0);
}

TEST(Sample, OneValueIsAllItsQuantiles) {
  Sample sample({7});
  EXPECT_DOUBLE_EQ(sample.quantile(0), 7);
  EXPECT_DOUBLE_EQ(sample.quantile(0.5), 7);
  EXPECT_DOUBLE_EQ(sample.quantile(1), 7);
}

TEST(Sample, QuantilesDoNotDependOnTheOrderOfAsking) {
  std::vector<double> values;
  std::uint64_t state = 1;
  for (int i = 0; i < 1000; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    values.push_back(static_cast<double>(state >> 54U));  // 0 to 1023: many ties
  }
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  Sample sample(values);
  for (const std::size_t rank : {500U, 999U, 0U, 250U, 501U, 499U, 750U, 998U, 1U}) {
    EXPECT_DOUBLE_EQ(sample.quantile(static_cast<double>(rank) / 999), sorted[rank]) << rank;
  }
}

TEST(Sample, MedianIntervalAgreesWithPublishedValues) {
  Sample sample(twenty_values);
  const auto interval = sample.median_interval();
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->lower, 0.38663198, 5e-9);
  EXPECT_NEAR(interval->upper, 0.88431272, 5e-9);
}

TEST(Sample, MedianIntervalIsTheSameAfterQuantilesWereAsked) {
  Sample sample(twenty_values);
  sample.quantile(0.9);
  sample.quantile(0.5);
  const auto interval = sample.median_interval();
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->lower, 0.38663198, 5e-9);
  EXPECT_NEAR(interval->upper, 0.88431272, 5e-9);
}

TEST(Sample, MedianIntervalNeedsSixValues) {
  for (int n = 0; n < 6; ++n) {
    EXPECT_FALSE(Sample(one_to(n)).median_interval()) << n;
  }
  EXPECT_TRUE(Sample(one_to(6)).median_interval());
}

// Six values: the outer pair covers 1 - 2/64 = 0.96875, the next one 0.78125, so the share is 0.1
// and the weight 5 * 0.1 / (1 + 4 * 0.1) = 5/14.
TEST(Sample, MedianIntervalOfSixValuesByHand) {
  const auto interval = Sample(one_to(6)).median_interval();
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->lower, 1 + 5.0 / 14, 1e-12);
  EXPECT_NEAR(interval->upper, 6 - 5.0 / 14, 1e-12);
}

TEST(Sample, MedianIntervalIsSymmetricAndShrinks) {
  double width = 1;
  for (const int n : {10, 31, 100, 1001, 100'000}) {
    const auto interval = Sample(one_to(n)).median_interval();
    ASSERT_TRUE(interval) << n;
    EXPECT_NEAR(interval->lower + interval->upper, n + 1, 1e-6) << n;
    EXPECT_LT((interval->upper - interval->lower) / n, width) << n;
    width = (interval->upper - interval->lower) / n;
  }
  // About 1.96 / sqrt(n) of the range for a uniform sample.
  EXPECT_NEAR(width, 1.96 / std::sqrt(100'000), 1e-4);
}

// Newcombe, Statistics in Medicine 17 (1998) 857-872.
TEST(ProportionInterval, AgreesWithPublishedValues) {
  EXPECT_NEAR(proportion_interval(81, 263).lower, 0.255288519878, 1e-10);
  EXPECT_NEAR(proportion_interval(81, 263).upper, 0.366209576983, 1e-10);
  EXPECT_NEAR(proportion_interval(0, 20).upper, 0.161125158053, 1e-10);
}

TEST(ProportionInterval, EndsAtNoneAndAll) {
  EXPECT_EQ(proportion_interval(0, 20).lower, 0);
  EXPECT_EQ(proportion_interval(20, 20).upper, 1);
  EXPECT_NEAR(proportion_interval(20, 20).lower, 1 - 0.161125158053, 1e-10);
}

// The classical table of exact Poisson limits, with more digits from R's poisson.test.
TEST(CountInterval, AgreesWithPublishedValues) {
  EXPECT_NEAR(count_interval(1).lower, 0.0253178079843, 1e-10);
  EXPECT_NEAR(count_interval(1).upper, 5.57164339094, 1e-10);
  EXPECT_NEAR(count_interval(3).lower, 0.6187, 5e-5);
  EXPECT_NEAR(count_interval(3).upper, 8.7673, 5e-5);
  EXPECT_NEAR(count_interval(10).lower, 4.79538869613, 1e-10);
  EXPECT_NEAR(count_interval(10).upper, 18.390356042, 1e-9);
}

TEST(CountInterval, OfNothingBeginsAtZero) {
  EXPECT_EQ(count_interval(0).lower, 0);
  EXPECT_NEAR(count_interval(0).upper, -std::log(0.025), 1e-10);
}

TEST(CountInterval, HoldsForAMillionEvents) {
  EXPECT_NEAR(count_interval(1'000'000).lower, 1'000'000 - 1960, 5);
  EXPECT_NEAR(count_interval(1'000'000).upper, 1'000'000 + 1963, 5);
}

}  // namespace
}  // namespace baselined::kpi
