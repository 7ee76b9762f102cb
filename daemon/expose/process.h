// What /proc says about this process.
//
// Threads: any. Errors: what cannot be read is absent.
#pragma once

#include <cstdint>
#include <optional>

namespace baselined::expose {

struct ProcessState {
  std::optional<double> cpu_seconds;
  std::optional<double> start_time_seconds;  // since 1970
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;
};

ProcessState read_process_state();

}  // namespace baselined::expose
