// Brings what a worker says (Log frames, standard output and error) into the daemon's log: one
// line each, with the collector's name before it, cleaned, cut, and limited in rate.
// Threads: the control thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/log.h"
#include "daemon/host/text.h"

namespace baselined::host {

class LogRelay {
 public:
  LogRelay(std::string collector, std::uint64_t max_lines)
      : collector_(std::move(collector)), max_lines_(max_lines) {}

  // Of a worker. Behind max_lines nothing more is written.
  void line(log::Level level, std::string_view text);
  // A line of the daemon itself about this collector; never suppressed.
  void note(log::Level level, std::string_view text) const;
  // Says how many lines were left out.
  void finish();
  bool is_full() const { return is_full_; }

 private:
  std::string collector_;
  std::uint64_t max_lines_;
  std::uint64_t lines_ = 0;
  bool is_full_ = false;
  LineLimiter limiter_;
};

// bl_level to a level of the log; anything unknown is an error line.
log::Level level_of(std::uint8_t bl_level);

}  // namespace baselined::host
