// The command line of baselined-worker.
//
//   baselined-worker --describe NAME | --run NAME [--max-memory BYTES] [--max-cpu-seconds SECONDS]
//     [--granted CAPABILITIES] [--read PATH]... [--sandbox auto|require]
// NAME is for messages; the plugin itself is on a descriptor, see run.h. Limits and grants are
// arguments and not environment variables: nothing but the daemon sets them.
// Threads: pure function.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/result.h"

namespace baselined::worker {

enum class Mode : std::uint8_t { describe, run };

struct Arguments {
  Mode mode = Mode::describe;
  std::string plugin_name;
  std::uint64_t max_memory_bytes = 0;      // 0: no limit
  std::uint64_t max_cpu_seconds = 0;       // 0: no limit
  std::uint32_t granted_capabilities = 0;  // BL_CAP_*
  std::vector<std::string> read;           // paths and patterns
  bool is_sandbox_required = false;
};

// Errors: config, with the usage.
Result<Arguments> parse_arguments(std::span<char* const> words);

}  // namespace baselined::worker
