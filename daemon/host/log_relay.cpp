#include "daemon/host/log_relay.h"

#include <chrono>

namespace baselined::host {

void LogRelay::line(log::Level level, std::string_view text) {
  if (!limiter_.allows(std::chrono::steady_clock::now())) {
    return;
  }
  finish();
  if (lines_ == max_lines_) {
    if (!is_full_) {
      note(log::Level::warn,
           fmt::format("its log is longer than {} lines; the rest is left out (log_lines in "
                       "[collector.limits])",
                       max_lines_));
    }
    is_full_ = true;
    return;
  }
  ++lines_;
  note(level, clean_text(text));
}

void LogRelay::note(log::Level level, std::string_view text) const {
  log::write(level, fmt::format("collector {}: {}", collector_, text));
}

void LogRelay::finish() {
  if (const std::uint64_t suppressed = limiter_.take_suppressed(); suppressed > 0) {
    note(log::Level::warn, fmt::format("{} lines of its log were left out", suppressed));
  }
}

log::Level level_of(std::uint8_t bl_level) {
  switch (bl_level) {
    case 0:
      return log::Level::debug;
    case 1:
      return log::Level::info;
    case 2:
      return log::Level::warn;
    default:
      return log::Level::error;
  }
}

}  // namespace baselined::host
