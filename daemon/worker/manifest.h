// The manifest of a plugin: the JSON that --describe prints, as daemon/config/plugin_manifest.h
// documents it.
// Threads: pure functions.
#pragma once

#include <baselined/plugin.h>

#include <string>
#include <vector>

namespace baselined::worker {

// "fs_read", ...: the names of the bits that are set, in the order of the bits.
std::vector<std::string> capability_names(std::uint32_t capabilities);

// "text", ...: the name of a type, as a manifest and a message have it.
std::string_view type_name(bl_type type);

// Of a descriptor that check_descriptor() accepted.
std::string manifest_json(const bl_plugin& plugin);

}  // namespace baselined::worker
