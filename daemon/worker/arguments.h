// The command line of baselined-worker.
//
//   baselined-worker --describe FILE
//   baselined-worker --run FILE [--max-memory BYTES] [--max-cpu-seconds SECONDS]
// Limits are arguments and not environment variables: nothing but the daemon sets them.
// Threads: pure function.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "daemon/base/result.h"

namespace baselined::worker {

enum class Mode : std::uint8_t { describe, run };

struct Arguments {
  Mode mode = Mode::describe;
  std::string plugin_file;
  std::uint64_t max_memory_bytes = 0;  // 0: no limit
  std::uint64_t max_cpu_seconds = 0;   // 0: no limit
};

// Errors: config, with the usage.
Result<Arguments> parse_arguments(std::span<char* const> words);

}  // namespace baselined::worker
