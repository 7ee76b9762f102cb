// Text that comes from a worker, made fit for logs, terminals and JSON.
// Threads: pure functions; a LineSplitter and a LineLimiter are used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "daemon/base/time.h"

namespace baselined::host {

constexpr std::size_t kMaxTextBytes = 4096;

// Valid UTF-8 of at most `max_bytes`: line ends and tabs become blanks, other control characters
// disappear, bytes that are no UTF-8 become '?'.
std::string clean_text(std::string_view text, std::size_t max_bytes = kMaxTextBytes);

// Cuts a stream of bytes into lines. A line is cut at kMaxTextBytes, and its rest is dropped.
class LineSplitter {
 public:
  using OnLine = std::function<void(std::string_view)>;

  void add(std::string_view bytes, const OnLine& on_line);
  // The last line, if the stream did not end with a line end.
  void finish(const OnLine& on_line);

 private:
  std::string line_;
};

// At most kLines per kWindow; the rest is counted.
class LineLimiter {
 public:
  static constexpr std::uint64_t kLines = 100;
  static constexpr std::chrono::seconds kWindow{10};

  bool allows(SteadyTime now);
  // Lines refused since the last call.
  std::uint64_t take_suppressed() { return std::exchange(suppressed_, 0); }

 private:
  SteadyTime window_begin_ = SteadyTime::min();
  std::uint64_t lines_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace baselined::host
