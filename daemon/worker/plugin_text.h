// Text that a plugin passes in a call: scopes, keys, reasons, URLs. It ends up in log lines, so it
// must be clean.
// Threads: pure function.
#pragma once

#include <baselined/plugin.h>

#include <cstddef>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/wire/messages.h"

namespace baselined::worker {

// The text itself. `what` names it in an error. Errors: data, no pointer or not UTF-8; limit,
// longer than max_bytes.
Result<std::string_view> read_text(bl_str text, std::string_view what,
                                   std::size_t max_bytes = wire::kMaxTextBytes);

}  // namespace baselined::worker
