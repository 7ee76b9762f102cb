// Pace: when a connection may be asked again. Shared by its collectors, kept across reloads.
//
// Holds a request back while too many are under way, until the gap after the last start is over,
// and while the source said that it wants no more. A source can block its connection for an hour at
// most; what a run is told may be longer.
// Pure: time is a parameter. Threads: one at a time (the broker's).
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/base/time.h"
#include "daemon/broker/rate_headers.h"

namespace baselined::broker {

constexpr Microseconds kLongestBlock = std::chrono::hours(1);
constexpr Microseconds kUnsaidWait = std::chrono::minutes(1);  // of a 429 that names no time

struct PaceLimits {
  std::uint64_t max_concurrent = 4;
  Microseconds min_gap = Microseconds(0);
};

class Pace {
 public:
  bool has_room(const PaceLimits& limits) const { return in_flight_ < limits.max_concurrent; }
  // Not before this, whatever the room. May be past.
  SteadyTime earliest(const PaceLimits& limits) const;
  // Until when the source wants no more; may be past.
  SteadyTime blocked_until() const { return blocked_until_; }
  std::uint64_t in_flight() const { return in_flight_; }

  void started(SteadyTime now);
  void ended();

  // Of every answer. What to wait before asking again, where the source refused this one or said
  // that the next one would be: as long as it asked for, unbounded.
  std::optional<Microseconds> answered(int status, const RateSigns& signs, SteadyTime now);

 private:
  void block(Microseconds wait, SteadyTime now);

  std::uint64_t in_flight_ = 0;
  std::optional<SteadyTime> last_start_;
  SteadyTime blocked_until_{};
  std::uint32_t refusals_ = 0;  // in a row, that named no time
};

// Did the source refuse because of too many requests?
bool is_rate_limited(int status, const RateSigns& signs);

}  // namespace baselined::broker
