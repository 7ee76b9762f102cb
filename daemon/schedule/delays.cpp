#include "daemon/schedule/delays.h"

#include <algorithm>

namespace baselined::schedule {
namespace {

// A part of `whole`; a random number outside [0, 1) is the nearest one inside.
Microseconds part_of(Microseconds whole, double random) {
  const double share = std::clamp(random, 0.0, 1.0) * static_cast<double>(whole.count());
  return Microseconds(static_cast<std::int64_t>(share));
}

}  // namespace

Microseconds backoff_delay(std::uint32_t failures, double random) {
  const std::uint32_t doublings = std::min<std::uint32_t>(failures == 0 ? 0 : failures - 1, 16);
  const Microseconds ceiling =
      std::min(kLongestBackoff, kFirstBackoff * (std::int64_t{1} << doublings));
  return kShortestBackoff + part_of(ceiling - kShortestBackoff, random);
}

Microseconds disk_full_delay(std::uint32_t failures) {
  const std::uint32_t doublings = std::min<std::uint32_t>(failures == 0 ? 0 : failures - 1, 16);
  return std::min(kLongestBackoff, kRefusedInterval * (std::int64_t{1} << doublings));
}

Microseconds rate_limit_delay(Microseconds retry_after, std::uint32_t failures, double random) {
  if (retry_after <= Microseconds(0)) {
    return backoff_delay(failures, random);
  }
  const Microseconds wait = std::min(retry_after, kLongestRetryAfter);
  return wait + part_of(std::min<Microseconds>(wait / 10, std::chrono::minutes(1)), random);
}

Microseconds probe_delay(double random) {
  return kProbeInterval + part_of(kProbeInterval / 20, random);
}

Microseconds slot_jitter(Microseconds every, double random) {
  return part_of(std::min(every / 20, kLongestSlotJitter), random);
}

}  // namespace baselined::schedule
