// baselined-worker: loads one plugin, describes it or runs one collection with it, and ends.
//
// Exit status: 0, also when the plugin failed and the daemon was told so; 1 with a line on standard
// error when nothing could be told; 2 for a wrong command line.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "daemon/worker/arguments.h"
#include "daemon/worker/manifest.h"
#include "daemon/worker/plugin_file.h"
#include "daemon/worker/run.h"
#include "daemon/worker/sandbox.h"

namespace {

using baselined::Error;
using baselined::Status;
using baselined::worker::Mode;

// A manifest may be written to a file by whoever calls --describe.
constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{16} << 20U;

void complain(const std::string& message) {
  std::fprintf(stderr, "baselined-worker: %s\n", message.c_str());
}

Status describe(const std::string& file) {
  BL_TRY(const bl_plugin* plugin, baselined::worker::load_plugin(file));
  const std::string manifest = baselined::worker::manifest_json(*plugin) + "\n";
  if (std::fwrite(manifest.data(), 1, manifest.size(), stdout) != manifest.size() ||
      std::fflush(stdout) != 0) {
    return Error(Error::Code::internal, "the manifest could not be written");
  }
  return {};
}

Status run(const std::string& file) {
  using baselined::worker::kCancelDescriptor;
  using baselined::worker::kChannelDescriptor;
  // A program that the plugin starts inherits neither.
  if (fcntl(kChannelDescriptor, F_SETFD, FD_CLOEXEC) != 0 ||
      fcntl(kCancelDescriptor, F_SETFD, FD_CLOEXEC) != 0) {
    return Error(Error::Code::internal, "no connection to a daemon: --run is for the daemon");
  }
  BL_TRY(const bl_plugin* plugin, baselined::worker::load_plugin(file));
  return baselined::worker::run_plugin(*plugin, kChannelDescriptor, kCancelDescriptor);
}

int work(int count, char** words) {
  const pid_t parent = getppid();
  const auto arguments =
      baselined::worker::parse_arguments({words + 1, static_cast<std::size_t>(count - 1)});
  if (!arguments) {
    complain(arguments.error().message());
    return 2;
  }
  baselined::worker::Limits limits;
  limits.max_memory_bytes = arguments->max_memory_bytes;
  limits.max_cpu_seconds = arguments->max_cpu_seconds;
  limits.max_file_bytes = arguments->mode == Mode::describe ? kMaxManifestBytes : 0;
  Status done = baselined::worker::Sandbox::apply(limits, parent);
  if (done) {
    done = arguments->mode == Mode::describe ? describe(arguments->plugin_file)
                                             : run(arguments->plugin_file);
  }
  if (!done) {
    complain(done.error().message());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  int status = 1;
  try {
    status = work(count, words);
  } catch (const std::exception& failure) {
    complain(failure.what());
  } catch (...) {
    complain("something that is no std::exception was thrown");
  }
#if defined(__SANITIZE_ADDRESS__)
  return status;  // so that leaks are reported
#else
  // Without the destructors of the plugin's globals: nothing may go wrong after the report.
  std::fflush(nullptr);
  _exit(status);
#endif
}
