// Does what a plugin says of itself make sense? Checked once, before anything of it is used.
// Threads: pure functions.
#pragma once

#include <baselined/plugin.h>

#include <string_view>

#include "daemon/base/result.h"

namespace baselined::worker {

inline std::string_view to_view(bl_str text) {
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

// plugin is what the entry symbol returned. Checks size and versions, texts, ids, the configuration
// schema, streams, columns, capabilities and functions; afterwards all of them may be relied on.
// Errors: config, naming the stream and column that is wrong.
Status check_descriptor(const bl_plugin* plugin);

}  // namespace baselined::worker
