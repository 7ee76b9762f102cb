// Its only exported function lets an exception out.
#include <baselined/plugin.h>

#include <stdexcept>

const bl_plugin* bl_plugin_main_v0(std::uint32_t /*host_minor*/) {
  throw std::runtime_error("thrown on entry");
}
