#include "daemon/expose/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace baselined::expose {
namespace {

// Fields of proc(5) stat, counted from the first one after the command's closing bracket (state).
constexpr int kUserTicks = 11;
constexpr int kSystemTicks = 12;
constexpr int kStartTicks = 19;
constexpr int kVirtualBytes = 20;
constexpr int kResidentPages = 21;
constexpr int kStatFields = 22;

std::optional<double> boot_time_seconds() {
  std::ifstream stat("/proc/stat");
  std::string word;
  while (stat >> word) {
    double seconds = 0;
    if (word == "btime" && stat >> seconds) {
      return seconds;
    }
  }
  return std::nullopt;
}

void read_stat(ProcessState& state) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  // The command may contain anything, blanks and brackets too.
  const std::size_t end_of_command = line.rfind(')');
  if (end_of_command == std::string::npos) {
    return;
  }
  std::istringstream fields(line.substr(end_of_command + 1));
  double values[kStatFields] = {};
  std::string process_state;
  fields >> process_state;
  for (int field = 1; field < kStatFields; ++field) {
    if (!(fields >> values[field])) {
      return;
    }
  }
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  state.cpu_seconds = (values[kUserTicks] + values[kSystemTicks]) / ticks_per_second;
  state.virtual_bytes = static_cast<std::uint64_t>(values[kVirtualBytes]);
  state.resident_bytes = static_cast<std::uint64_t>(values[kResidentPages]) *
                         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  static const std::optional<double> kBootTime = boot_time_seconds();
  if (kBootTime) {
    state.start_time_seconds = *kBootTime + values[kStartTicks] / ticks_per_second;
  }
}

void read_descriptors(ProcessState& state) {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  if (!error && count > 0) {
    state.open_fds = count - 1;  // the directory itself was open while it was read
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    state.max_fds = limit.rlim_cur;
  }
}

}  // namespace

ProcessState read_process_state() {
  ProcessState state;
  read_stat(state);
  read_descriptors(state);
  return state;
}

}  // namespace baselined::expose
