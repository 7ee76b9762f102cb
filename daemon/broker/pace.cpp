#include "daemon/broker/pace.h"

#include <algorithm>

#include "daemon/base/result.h"

namespace baselined::broker {

SteadyTime Pace::earliest(const PaceLimits& limits) const {
  const SteadyTime after_gap = last_start_ ? *last_start_ + limits.min_gap : SteadyTime();
  return std::max(blocked_until_, after_gap);
}

void Pace::started(SteadyTime now) {
  ++in_flight_;
  last_start_ = now;
}

void Pace::ended() {
  BL_ASSERT(in_flight_ > 0);
  --in_flight_;
}

std::optional<Microseconds> Pace::answered(int status, const RateSigns& signs, SteadyTime now) {
  const bool is_refused = is_rate_limited(status, signs);
  std::optional<Microseconds> wait;
  if ((is_refused || status == 503) && signs.retry_after) {
    wait = signs.retry_after;
  } else if (signs.remaining == 0U && signs.reset_in) {
    wait = signs.reset_in;
  } else if (is_refused) {
    const std::uint32_t doublings = std::min<std::uint32_t>(refusals_++, 6);
    wait = std::min(kUnsaidWait * (std::int64_t{1} << doublings), kLongestBlock);
  }
  if (!is_refused) {
    refusals_ = 0;
  }
  if (wait) {
    block(*wait, now);
  }
  return wait;
}

// A later answer may be of a request that was sent earlier: it never shortens a block.
void Pace::block(Microseconds wait, SteadyTime now) {
  blocked_until_ = std::max(blocked_until_, now + std::min(wait, kLongestBlock));
}

bool is_rate_limited(int status, const RateSigns& signs) {
  return status == 429 || (status == 403 && signs.is_exhausted());
}

}  // namespace baselined::broker
