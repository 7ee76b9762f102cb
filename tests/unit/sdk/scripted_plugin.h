// A plugin that does what the test last said, with HTTP granted.
#pragma once

#include <baselined/plugin.hpp>

#include <functional>

namespace baselined::sdk {

using Behaviour = std::function<void(baselined::Run&)>;

inline Behaviour& behaviour() {
  static Behaviour current;
  return current;
}

class Scripted {
 public:
  Scripted(std::string_view /*config*/, baselined::Run& /*run*/) {}
  void collect(baselined::Run& run) { behaviour()(run); }  // NOLINT
};

inline constexpr bl_column kThingColumns[] = {column("id", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED)};
inline constexpr bl_stream kThings[] = {stream("things", "thing/1", kThingColumns)};
inline constexpr bl_plugin kScripted = detail::describe<Scripted>({.id = "org.example.things",
                                                                   .version = "1.0.0",
                                                                   .summary = "Things",
                                                                   .capabilities = BL_CAP_HTTP},
                                                                  kThings);

}  // namespace baselined::sdk
