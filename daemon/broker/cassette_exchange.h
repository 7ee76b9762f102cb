// The same exchange, as the wire has it and as a cassette has it.
// Threads: pure functions.
#pragma once

#include <baselined/cassette.h>

#include "daemon/wire/egress.h"

namespace baselined::broker {

cassette::Request to_cassette(const wire::HttpRequest& request);
cassette::Exchange to_exchange(const wire::HttpRequest& request, const wire::HttpAnswer& answer);
wire::HttpAnswer to_answer(const cassette::Exchange& exchange);

}  // namespace baselined::broker
