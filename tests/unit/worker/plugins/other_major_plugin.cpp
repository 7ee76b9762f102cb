// Built against an ABI that is not this one.
#include <cstdint>

extern "C" __attribute__((visibility("default"))) const void* bl_plugin_main_v3(
    std::uint32_t minor);
const void* bl_plugin_main_v3(std::uint32_t /*minor*/) { return nullptr; }
