// Needs a host that is newer than this one.
#include <baselined/plugin.h>

const bl_plugin* bl_plugin_main_v0(uint32_t /*host_minor*/) { return nullptr; }
