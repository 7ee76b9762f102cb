// What an Outcome means, where it is no answer that a plugin should see.
//
// Threads: pure functions. The messages say what to do; the caller puts connection, method and URL
// before them.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/broker/retry.h"
#include "daemon/broker/transfer.h"

namespace baselined::broker {

struct Breakdown {
  Error error;
  std::optional<Failure> failure;  // nothing: another attempt would end the same way
};

// No answer, or half of one. Nothing where there is a whole answer. A body over `max_body_bytes` is
// the caller's, who knows whose limit that was.
std::optional<Breakdown> breakdown_of(const Outcome& outcome, const config::Connection& connection);

// A success that is no JSON although only JSON was accepted: a login page, a captive portal.
Status check_content(const Outcome& outcome, std::string_view method, std::string_view accept);

}  // namespace baselined::broker
