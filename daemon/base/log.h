// The daemon's log: one line per event on standard error, "time level message".
//
// A message names what, where and what to do, and never a secret or a person.
// Threads: any thread may log and set the filter. set_level() is for start-up.
//
//   log::warn("collector {}: {} rows discarded after the last commit", name, rows);
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>

namespace baselined::log {

enum class Level : unsigned char { debug, info, warn, error };

void set_level(Level level);
// Every message passes through it before it is written; an empty function takes it away. It runs on
// the thread that logs and must not log.
void set_filter(std::function<std::string(std::string_view)> filter);
void write(Level level, std::string_view message);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace baselined::log
