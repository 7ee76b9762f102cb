#include "daemon/broker/retry.h"

#include <algorithm>

namespace baselined::broker {

bool is_idempotent(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
  return std::ranges::find(kMethods, method) != std::end(kMethods);
}

bool may_retry(Failure failure, std::string_view method, unsigned attempts_made) {
  if (attempts_made >= kMaxAttempts) {
    return false;
  }
  switch (failure) {
    case Failure::unreached:
    case Failure::rate_limited:
    case Failure::unavailable:
      return true;
    case Failure::broken:
    case Failure::server_error:
      return is_idempotent(method);
  }
  return false;
}

Microseconds backoff(unsigned attempts_made, Microseconds base, double random) {
  const unsigned doublings = std::min(attempts_made == 0 ? 0U : attempts_made - 1, kMaxAttempts);
  const Microseconds ceiling = base * (std::int64_t{1} << doublings);
  const double share = std::clamp(random, 0.0, 1.0) * static_cast<double>(ceiling.count());
  return Microseconds(static_cast<std::int64_t>(share));
}

}  // namespace baselined::broker
