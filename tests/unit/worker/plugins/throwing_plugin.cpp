// Written against the C header alone, and wrong: its function lets an exception out.
#include <baselined/plugin.hpp>

#include <stdexcept>

namespace {

constexpr bl_column kColumns[] = {baselined::column("id", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED)};
constexpr bl_stream kStreams[] = {baselined::stream("things", "thing/1", kColumns)};

bl_status create(const bl_host* /*host*/, bl_run* /*run*/, bl_str config, bl_instance** out) {
  static int instance = 0;
  *out = reinterpret_cast<bl_instance*>(&instance);
  return config.len == 2 ? BL_OK : 77;
}

bl_status collect(bl_instance* /*self*/, const bl_host* /*host*/, bl_run* /*run*/) {
  throw std::runtime_error("out through the boundary");
}

void destroy(bl_instance* /*self*/) {}

constexpr bl_plugin kPlugin = {.struct_size = sizeof(bl_plugin),
                               .abi_major = BL_ABI_MAJOR,
                               .abi_minor = BL_TARGET_MINOR,
                               .id = baselined::to_str("org.example.throwing"),
                               .version = baselined::to_str("1.0.0"),
                               .summary = baselined::to_str("Throws"),
                               .config_schema = baselined::to_str("{}"),
                               .streams = kStreams,
                               .n_streams = 1,
                               .capabilities = 0,
                               .create = &create,
                               .collect = &collect,
                               .destroy = &destroy,
                               .get_extension = &baselined::detail::no_extension};

}  // namespace

const bl_plugin* bl_plugin_main_v0(std::uint32_t /*host_minor*/) { return &kPlugin; }
