// A plugin's options as TOML that an operator can paste: for `baselined plugins show NAME`.
// Threads: pure functions.
#pragma once

#include <string>

#include "daemon/base/result.h"
#include "daemon/config/plugin_manifest.h"

namespace baselined::config {

// The [collector.options] table. Each option has a comment with its description, type and default;
// required ones stand with a value of the right form to replace, others are commented out with
// their default. What it returns satisfies the plugin's schema. A schema that makes no sense gives
// one comment that says so.
std::string sample_options(const PluginManifest& manifest);

}  // namespace baselined::config
