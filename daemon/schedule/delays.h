// How long a collector waits after a run that failed. Pure; the caller brings the random numbers.
//
// | outcome                         | wait                                                       |
// | transient, data, internal,      | between 10 s and 1 min x 2^(n-1), at most 1 h, at random   |
// |   limit                         |   (n = failures in a row)                                  |
// | rate_limited                    | retry_after, at most 24 h, and up to a tenth (max 1 min)   |
// |                                 |   more; without retry_after as transient                   |
// | disk_full                       | 5 s x 2^(n-1), at most 1 h                                 |
// | nothing could be stored         | 5 s                                                        |
// | auth, unsupported               | 1 h and up to 5 % more: the probe of a parked collector    |
// | config                          | until the configuration changes                            |
// | cancelled, ok                   | until the next regular slot                                |
// Threads: pure functions.
#pragma once

#include <cstdint>

#include "daemon/base/time.h"

namespace baselined::schedule {

constexpr Microseconds kShortestBackoff = std::chrono::seconds(10);
constexpr Microseconds kFirstBackoff = std::chrono::minutes(1);
constexpr Microseconds kLongestBackoff = std::chrono::hours(1);
constexpr Microseconds kRefusedInterval = std::chrono::seconds(5);
constexpr Microseconds kProbeInterval = std::chrono::hours(1);
constexpr Microseconds kLongestRetryAfter = std::chrono::hours(24);
constexpr Microseconds kLongestSlotJitter = std::chrono::seconds(10);

// `random` is in [0, 1); `failures` counts from 1.
Microseconds backoff_delay(std::uint32_t failures, double random);
Microseconds disk_full_delay(std::uint32_t failures);
Microseconds rate_limit_delay(Microseconds retry_after, std::uint32_t failures, double random);
Microseconds probe_delay(double random);

// What is added to a regular slot: up to a twentieth of the interval, at most 10 s.
Microseconds slot_jitter(Microseconds every, double random);

}  // namespace baselined::schedule
