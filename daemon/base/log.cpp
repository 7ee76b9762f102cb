#include "daemon/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace baselined::log {
namespace {

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger created("baselined", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    created.flush_on(spdlog::level::debug);
    return created;
  }();
  return instance;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

using Filter = std::function<std::string(std::string_view)>;

struct FilterSlot {
  std::mutex mutex;
  std::shared_ptr<const Filter> filter;
};

FilterSlot& filter_slot() {
  static FilterSlot slot;
  return slot;
}

std::shared_ptr<const Filter> current_filter() {
  FilterSlot& slot = filter_slot();
  const std::lock_guard lock(slot.mutex);
  return slot.filter;
}

// One event is one line: control characters would let a message forge another.
std::string one_line(std::string_view message) {
  std::string line(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      c = ' ';
    }
  }
  return line;
}

}  // namespace

void set_level(Level level) { logger().set_level(spdlog_level(level)); }

void set_filter(Filter filter) {
  auto shared = filter ? std::make_shared<const Filter>(std::move(filter)) : nullptr;
  FilterSlot& slot = filter_slot();
  const std::lock_guard lock(slot.mutex);
  slot.filter = std::move(shared);
}

void write(Level level, std::string_view message) {
  if (!logger().should_log(spdlog_level(level))) {
    return;
  }
  if (const auto filter = current_filter()) {
    logger().log(spdlog_level(level), one_line((*filter)(message)));
    return;
  }
  logger().log(spdlog_level(level), one_line(message));
}

}  // namespace baselined::log
