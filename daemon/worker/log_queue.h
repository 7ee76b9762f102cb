// Log lines of a plugin on their way to the daemon: cleaned, cut and limited.
//
// Any thread of a plugin may log, but only the run's thread may use the channel: it takes the lines
// whenever it sends something.
// Threads: add() from any thread, take() from the run's.
#pragma once

#include <baselined/plugin.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"

namespace baselined::worker {

struct LogLine {
  std::uint8_t level = BL_INFO;
  std::string text;
};

class LogQueue {
 public:
  static constexpr std::size_t kMaxLineBytes = 4096;
  // So many lines at once; then one more for every interval that passes.
  static constexpr std::int64_t kBurst = 200;
  static constexpr std::chrono::milliseconds kInterval{50};

  // A line that is too much is counted and dropped. A level that does not exist is a warning.
  void add(bl_level level, std::string_view text, SteadyTime now);
  std::vector<LogLine> take();
  std::uint64_t dropped() const;

 private:
  mutable std::mutex mutex_;
  std::vector<LogLine> lines_;
  std::int64_t allowance_ = kBurst;
  SteadyTime refilled_at_{};
  std::uint64_t dropped_ = 0;
};

}  // namespace baselined::worker
