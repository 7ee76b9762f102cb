#include "daemon/worker/arguments.h"

#include <charconv>
#include <string_view>

namespace baselined::worker {
namespace {

Error usage() {
  return {Error::Code::config,
          "usage: baselined-worker --describe FILE\n"
          "       baselined-worker --run FILE [--max-memory BYTES] [--max-cpu-seconds SECONDS]"};
}

Result<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
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
      if (!arguments.plugin_file.empty()) {
        return usage();
      }
      arguments.mode = option == "--run" ? Mode::run : Mode::describe;
      arguments.plugin_file = value;
    } else if (option == "--max-memory") {
      BL_TRY(arguments.max_memory_bytes, parse_number(value));
    } else if (option == "--max-cpu-seconds") {
      BL_TRY(arguments.max_cpu_seconds, parse_number(value));
    } else {
      return usage();
    }
  }
  if (arguments.plugin_file.empty()) {
    return usage();
  }
  return arguments;
}

}  // namespace baselined::worker
