// The broker of this process, the filter that keeps its secrets out of the log, and what keeps them
// out of a core.
// Threads: call on one; the broker has its own.
#pragma once

#include <memory>

#include "daemon/broker/broker.h"
#include "daemon/main/settings.h"

namespace baselined {

std::shared_ptr<broker::Broker> open_broker(const Settings& settings);

}  // namespace baselined
