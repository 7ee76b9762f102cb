// Whether and when a request that failed is made again.
//
// | failure                           | made again                                      |
// | nobody was reached                | every method                                    |
// | the source wants no more (429)    | every method                                    |
// | the source is away (503)          | every method                                    |
// | no or half an answer, another 5xx | GET, HEAD, PUT, DELETE, OPTIONS                 |
// At most four attempts; between them a random wait of up to 1, 2, 4 times the base.
// Threads: pure functions; the caller brings the random numbers.
#pragma once

#include <cstdint>
#include <string_view>

#include "daemon/base/time.h"

namespace baselined::broker {

constexpr unsigned kMaxAttempts = 4;

enum class Failure : std::uint8_t { unreached, broken, rate_limited, unavailable, server_error };

bool may_retry(Failure failure, std::string_view method, unsigned attempts_made);
bool is_idempotent(std::string_view method);

// `random` in [0, 1): outside of it the nearest.
Microseconds backoff(unsigned attempts_made, Microseconds base, double random);

}  // namespace baselined::broker
