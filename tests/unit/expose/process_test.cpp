#include "daemon/expose/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

namespace baselined::expose {
namespace {

double used_cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

TEST(ProcessState, AgreesWithTheKernel) {
  while (used_cpu() < 0.05) {  // more than a tick
  }
  const ProcessState state = read_process_state();
  ASSERT_TRUE(state.cpu_seconds && state.start_time_seconds && state.resident_bytes &&
              state.virtual_bytes && state.max_fds);
  EXPECT_NEAR(*state.cpu_seconds, used_cpu(), 0.04);
  const auto now = static_cast<double>(std::time(nullptr));
  EXPECT_LE(*state.start_time_seconds, now + 2);
  EXPECT_GT(*state.start_time_seconds, now - 3600);
  EXPECT_GT(*state.resident_bytes, 100'000U);
  EXPECT_GT(*state.virtual_bytes, *state.resident_bytes);
  EXPECT_EQ(*state.max_fds, static_cast<std::uint64_t>(sysconf(_SC_OPEN_MAX)));
}

TEST(ProcessState, CountsDescriptors) {
  const auto before = read_process_state().open_fds;
  const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const auto after = read_process_state().open_fds;
  ::close(descriptor);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*after, *before + 1);
}

}  // namespace
}  // namespace baselined::expose
