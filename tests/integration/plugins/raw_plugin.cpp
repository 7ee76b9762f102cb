// Written against the C header alone, and wrong outside of collect(): {"do":"<what>"}.
#include <baselined/plugin.hpp>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

constexpr bl_column kColumns[] = {
    baselined::column("repository", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("kind", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("name", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("target", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
    baselined::column("sha", BL_TEXT, BL_COL_REQUIRED),
    baselined::column("tagged_at", BL_TIME),
    baselined::column("annotated", BL_BOOL, BL_COL_REQUIRED)};
constexpr bl_stream kStreams[] = {baselined::stream("refs", "ref/1", kColumns)};

enum class Place { create, destroy };

// What the options say, where they say it: {"do":"throw_in_create"}.
void misbehave(std::string_view options, Place place) {
  const auto says = [options](std::string_view what) {
    return options.find(what) != std::string_view::npos;
  };
  if (!says(place == Place::create ? "_in_create\"" : "_in_destroy\"")) {
    return;
  }
  if (says("\"throw_")) {
    throw std::runtime_error("out through the boundary");
  }
  if (says("\"exit_")) {
    std::exit(0);
  }
  while (true) {
    static volatile unsigned counter;
    counter = counter + 1U;
  }
}

bl_status create(const bl_host* /*host*/, bl_run* /*run*/, bl_str config, bl_instance** out) {
  const std::string_view options(config.ptr, config.len);
  misbehave(options, Place::create);
  *out = reinterpret_cast<bl_instance*>(new std::string(options));
  return BL_OK;
}

bl_status collect(bl_instance* /*self*/, const bl_host* /*host*/, bl_run* /*run*/) { return BL_OK; }

void destroy(bl_instance* self) {
  const std::unique_ptr<std::string> options(reinterpret_cast<std::string*>(self));
  misbehave(*options, Place::destroy);
}

constexpr bl_plugin kPlugin = {
    .struct_size = sizeof(bl_plugin),
    .abi_major = BL_ABI_MAJOR,
    .abi_minor = BL_TARGET_MINOR,
    .id = baselined::to_str("org.example.raw"),
    .version = baselined::to_str("1.0.0"),
    .summary = baselined::to_str("Does one bad thing before or after it collects"),
    .config_schema = baselined::to_str(
        R"({"type":"object","required":["do"],"properties":{"do":{"type":"string"}}})"),
    .streams = kStreams,
    .n_streams = 1,
    .capabilities = 0,
    .create = &create,
    .collect = &collect,
    .destroy = &destroy,
    .get_extension = &baselined::detail::no_extension};

}  // namespace

const bl_plugin* bl_plugin_main_v0(std::uint32_t /*host_minor*/) { return &kPlugin; }
