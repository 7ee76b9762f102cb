// Quantiles of a sample and 95 % confidence intervals.
//
// Methods: quantiles of type 7 (linear between the two nearest order statistics, as R and numpy do
// by default); the median's interval by Hettmansperger and Sheather (Statistics and Probability
// Letters 4, 1986); Wilson for a proportion; Garwood (exact) for a Poisson count.
// Threads: a Sample belongs to one thread; the functions are pure.
//
//   Sample sample(std::move(values));
//   const double median = sample.quantile(0.5);
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace baselined::kpi {

struct Interval {
  double lower;
  double upper;
};

// Values that are put in order only as far as somebody asks: each order statistic costs one
// partition of the part that is still unordered around it. Values must be finite.
class Sample {
 public:
  explicit Sample(std::vector<double> values) : values_(std::move(values)) {}

  std::size_t size() const { return values_.size(); }
  // 0 <= p <= 1; the sample must not be empty.
  double quantile(double p);
  // Nothing below six values: no interval of order statistics reaches 95 %.
  std::optional<Interval> median_interval();

 private:
  // The value at this rank in ascending order, from 0.
  double ranked(std::size_t rank);

  std::vector<double> values_;
  std::set<std::size_t> in_place_;  // ranks whose value is where sorting would put it
};

// 0 <= successes <= trials, trials > 0.
Interval proportion_interval(std::uint64_t successes, std::uint64_t trials);

// Of the expected number of events, given the number seen.
Interval count_interval(std::uint64_t events);

}  // namespace baselined::kpi
