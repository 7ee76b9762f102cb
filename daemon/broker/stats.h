// What the requests of a connection came to, for metrics.
//
// Threads: the broker's thread writes, any thread copies.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "daemon/base/time.h"

namespace baselined::broker {

struct ConnectionStats {
  std::string name;
  std::array<std::uint64_t, 6> requests{};  // [0]: no answer; [1] to [5]: by class of the status
  std::uint64_t retries = 0;
  std::uint64_t received_bytes = 0;  // bodies, decompressed
  std::uint64_t wire_bytes = 0;      // heads and bodies as they came, without TLS
  double seconds = 0;                // of all requests that ended
  std::uint64_t ended = 0;
  std::uint64_t in_flight = 0;
  std::optional<std::uint64_t> rate_remaining;  // as the source last said
  std::optional<UtcTime> rate_reset;
  std::optional<UtcTime> blocked_until;  // may be past
};

class StatsCell {
 public:
  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(stats_);
  }
  ConnectionStats get() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  mutable std::mutex mutex_;
  ConnectionStats stats_;
};

}  // namespace baselined::broker
