#include "daemon/broker/rate_headers.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <limits>

namespace baselined::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Microseconds kLongest = std::chrono::hours(24 * 365);
// Seconds from now are smaller, epochs larger: 2001 in seconds, 2001 in milliseconds.
constexpr std::int64_t kEpochSeconds = 1'000'000'000;
constexpr std::int64_t kEpochMilliseconds = 1'000'000'000'000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

// The whole number at the start; what may follow is a fraction or further items of a list.
std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range && text.front() != '-') {
    return std::numeric_limits<std::int64_t>::max();
  }
  const bool ends = stop == end || *stop == '.' || *stop == ',' || *stop == ';' || *stop == ' ';
  return error == std::errc() && ends && value >= 0 ? std::optional(value) : std::nullopt;
}

std::optional<Microseconds> bounded(Microseconds wait) {
  return std::clamp(wait, Microseconds(0), kLongest);
}

std::optional<Microseconds> from_seconds(std::int64_t value) {
  return bounded(seconds(std::min<std::int64_t>(value, 86400LL * 366)));
}

std::optional<Microseconds> retry_after(std::string_view text, UtcTime now) {
  if (const auto value = number(text)) {
    return from_seconds(*value);
  }
  const std::time_t date = curl_getdate(std::string(text).c_str(), nullptr);
  if (date == -1 || text.empty() || text.front() == '-') {
    return std::nullopt;
  }
  return bounded(UtcTime(seconds(date)) - now);
}

std::optional<Microseconds> reset(std::string_view text, UtcTime now) {
  if (const auto time = parse_rfc3339(text)) {
    return bounded(*time - now);
  }
  const auto value = number(text);
  if (!value) {
    return std::nullopt;
  }
  if (*value >= kEpochMilliseconds) {
    return bounded(UtcTime(milliseconds(std::min(*value, 10 * kEpochMilliseconds))) - now);
  }
  if (*value >= kEpochSeconds) {
    return bounded(UtcTime(seconds(*value)) - now);
  }
  return from_seconds(*value);
}

std::optional<std::uint64_t> count(std::string_view text) {
  const auto value = number(text);
  return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

template <class T>
void keep_first(std::optional<T>& place, std::optional<T> value) {
  place = place ? place : value;
}

}  // namespace

RateSigns read_rate_headers(const std::vector<wire::HttpHeader>& headers, UtcTime now) {
  RateSigns signs;
  for (const wire::HttpHeader& header : headers) {
    const std::string_view value = trimmed(header.value);
    if (value.empty()) {
      continue;
    }
    if (header.name == "retry-after") {
      keep_first(signs.retry_after, retry_after(value, now));
    } else if (header.name == "x-ratelimit-remaining" || header.name == "ratelimit-remaining") {
      keep_first(signs.remaining, count(value));
    } else if (header.name == "x-ratelimit-limit" || header.name == "ratelimit-limit") {
      keep_first(signs.limit, count(value));
    } else if (header.name == "x-ratelimit-reset" || header.name == "ratelimit-reset") {
      keep_first(signs.reset_in, reset(value, now));
    }
  }
  return signs;
}

}  // namespace baselined::broker
