// Its descriptor is too short to be one.
#include <baselined/plugin.h>

namespace {
constexpr uint32_t kShort[2] = {8, 0};
}

const bl_plugin* bl_plugin_main_v0(uint32_t /*host_minor*/) {
  return reinterpret_cast<const bl_plugin*>(kShort);
}
