// What a source says about its rate limits, whatever dialect it speaks.
//
// Retry-After in seconds or as a date; X-RateLimit-* and RateLimit-*. A reset is a number of
// seconds from now, an epoch in seconds or milliseconds (told apart by magnitude), or an RFC 3339
// time. What is negative or cannot be read counts as not said; what is absurd is cut to a year.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

struct RateSigns {
  std::optional<Microseconds> retry_after;
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> remaining;
  std::optional<Microseconds> reset_in;

  // A 403 with one of these is no lack of permission.
  bool is_exhausted() const { return retry_after.has_value() || remaining == 0U; }
};

// Names in lower case.
RateSigns read_rate_headers(const std::vector<wire::HttpHeader>& headers, UtcTime now);

}  // namespace baselined::broker
