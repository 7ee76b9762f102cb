#include "daemon/worker/arguments.h"

#include <charconv>
#include <string_view>

namespace baselined::worker {
namespace {

Error usage() {
  return {Error::Code::config,
          "usage: baselined-worker --describe NAME | --run NAME [--max-memory BYTES] "
          "[--max-cpu-seconds SECONDS]\n"
          "       [--granted CAPABILITIES] [--read PATH]... [--sandbox auto|require]\n"
          "Started by the daemon; to look at a plugin: baselined plugins show NAME"};
}

template <class Number>
Result<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    return usage();
  }
  return number;
}

}  // namespace

Result<Arguments> parse_arguments(std::span<char* const> words) {
  Arguments arguments;
  for (std::size_t index = 0; index < words.size(); index += 2) {
    const std::string_view option = words[index];
    if (index + 1 == words.size()) {
      return usage();
    }
    const std::string_view value = words[index + 1];
    if (option == "--describe" || option == "--run") {
      if (!arguments.plugin_name.empty()) {
        return usage();
      }
      arguments.mode = option == "--run" ? Mode::run : Mode::describe;
      arguments.plugin_name = value;
    } else if (option == "--max-memory") {
      BL_TRY(arguments.max_memory_bytes, parse_number<std::uint64_t>(value));
    } else if (option == "--max-cpu-seconds") {
      BL_TRY(arguments.max_cpu_seconds, parse_number<std::uint64_t>(value));
    } else if (option == "--granted") {
      BL_TRY(arguments.granted_capabilities, parse_number<std::uint32_t>(value));
    } else if (option == "--read" && value.starts_with('/')) {
      arguments.read.emplace_back(value);
    } else if (option == "--sandbox" && (value == "auto" || value == "require")) {
      arguments.is_sandbox_required = value == "require";
    } else {
      return usage();
    }
  }
  if (arguments.plugin_name.empty()) {
    return usage();
  }
  return arguments;
}

}  // namespace baselined::worker
