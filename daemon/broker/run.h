// What the requests of one run share: its deadline, its limits, and whether anybody still waits.
//
// Threads: the broker's thread writes the counters; the rest is atomic.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "daemon/base/time.h"

namespace baselined::broker {

enum class RunLimit : std::uint8_t { none, requests, response_data };

struct Run {
  std::string collector;
  SteadyTime deadline{};
  std::uint64_t max_requests = 0;  // 0: no limit
  std::uint64_t max_bytes = 0;     // 0: no limit
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  std::atomic<RunLimit> limit_hit = RunLimit::none;
  std::atomic<bool> is_cancelled = false;
};

}  // namespace baselined::broker
