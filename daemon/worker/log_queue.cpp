#include "daemon/worker/log_queue.h"

#include <algorithm>
#include <utility>

#include "daemon/base/utf8.h"

namespace baselined::worker {

void LogQueue::add(bl_level level, std::string_view text, SteadyTime now) {
  const auto known = level >= BL_DEBUG && level <= BL_ERROR ? level : BL_WARN;
  LogLine line = {static_cast<std::uint8_t>(known), clean_utf8(text, kMaxLineBytes)};
  const std::lock_guard lock(mutex_);
  if (allowance_ == kBurst) {
    refilled_at_ = now;
  }
  const std::int64_t intervals = (now - refilled_at_) / kInterval;
  allowance_ = std::min(kBurst, allowance_ + intervals);
  refilled_at_ += intervals * kInterval;
  if (allowance_ == 0) {
    ++dropped_;
    return;
  }
  --allowance_;
  lines_.push_back(std::move(line));
}

std::vector<LogLine> LogQueue::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

std::uint64_t LogQueue::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace baselined::worker
