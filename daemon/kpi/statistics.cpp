#include "daemon/kpi/statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <iterator>

#include "daemon/base/result.h"

namespace baselined::kpi {
namespace {

constexpr double kConfidence = 0.95;
constexpr double kTail = (1 - kConfidence) / 2;

double between(double a, double b, double weight_of_b) { return a + (b - a) * weight_of_b; }

// Probability that the median lies between the depth-th smallest and the depth-th largest of n.
double confidence_at(std::size_t depth, const boost::math::binomial& coin) {
  return 1 - 2 * boost::math::cdf(coin, static_cast<double>(depth) - 1);
}

// The greatest depth whose interval is still sure enough; 0 where there is none.
std::size_t depth_of_interval(std::size_t n, const boost::math::binomial& coin) {
  std::size_t depth = static_cast<std::size_t>(boost::math::quantile(coin, kTail)) + 2;
  depth = std::min(depth, n / 2);
  while (depth > 0 && confidence_at(depth, coin) < kConfidence) {
    --depth;
  }
  return depth;
}

}  // namespace

double Sample::ranked(std::size_t rank) {
  const auto above = in_place_.lower_bound(rank);
  if (above == in_place_.end() || *above != rank) {
    const std::size_t first = above == in_place_.begin() ? 0 : *std::prev(above) + 1;
    const std::size_t last = above == in_place_.end() ? values_.size() : *above;
    const auto begin = values_.begin();
    std::nth_element(begin + static_cast<std::ptrdiff_t>(first),
                     begin + static_cast<std::ptrdiff_t>(rank),
                     begin + static_cast<std::ptrdiff_t>(last));
    in_place_.insert(above, rank);
  }
  return values_[rank];
}

double Sample::quantile(double p) {
  BL_ASSERT(!values_.empty());
  const double position = p * static_cast<double>(values_.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(position));
  const std::size_t above = std::min(below + 1, values_.size() - 1);
  return between(ranked(below), ranked(above), position - std::floor(position));
}

// Two intervals of order statistics enclose the wanted confidence: the one at `depth`, which is
// wider, and the one a step further in. The published weight between them is not linear in the
// confidence; it is exact for a Laplace distribution and close for most others.
std::optional<Interval> Sample::median_interval() {
  const std::size_t n = values_.size();
  const boost::math::binomial coin(static_cast<double>(n), 0.5);
  const std::size_t depth = n == 0 ? 0 : depth_of_interval(n, coin);
  if (depth == 0) {
    return std::nullopt;
  }
  const double outer = confidence_at(depth, coin);
  const double inner = confidence_at(depth + 1, coin);
  const double share = (outer - kConfidence) / (outer - inner);
  const auto size = static_cast<double>(n);
  const auto steps = static_cast<double>(depth);
  const double weight = (size - steps) * share / (steps + (size - 2 * steps) * share);
  return Interval{between(ranked(depth - 1), ranked(depth), weight),
                  between(ranked(n - depth), ranked(n - depth - 1), weight)};
}

Interval proportion_interval(std::uint64_t successes, std::uint64_t trials) {
  BL_ASSERT(trials > 0 && successes <= trials);
  const double z = boost::math::quantile(boost::math::normal(), 1 - kTail);
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double centre = p + z * z / (2 * n);
  const double reach = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // At none and at all the bound is exactly 0 or 1; rounding must not pass it.
  return {successes == 0 ? 0 : (centre - reach) / scale,
          successes == trials ? 1 : (centre + reach) / scale};
}

Interval count_interval(std::uint64_t events) {
  const auto twice = 2 * static_cast<double>(events);
  const boost::math::chi_squared above(twice + 2);
  const double upper = boost::math::quantile(boost::math::complement(above, kTail)) / 2;
  if (events == 0) {
    return {0, upper};
  }
  const boost::math::chi_squared below(twice);
  return {boost::math::quantile(below, kTail) / 2, upper};
}

}  // namespace baselined::kpi
