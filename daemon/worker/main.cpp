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

Status describe(const bl_plugin& plugin) {
  const std::string manifest = baselined::worker::manifest_json(plugin) + "\n";
  if (std::fwrite(manifest.data(), 1, manifest.size(), stdout) != manifest.size() ||
      std::fflush(stdout) != 0) {
    return Error(Error::Code::internal, "the manifest could not be written");
  }
  return {};
}

bool is_hidden(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0; }

// A program that the plugin starts inherits none of what the daemon shares.
Status hide_descriptors(Mode mode) {
  const bool has_plugin = is_hidden(baselined::worker::kPluginDescriptor);
  const bool has_run =
      mode == Mode::describe || (is_hidden(baselined::worker::kChannelDescriptor) &&
                                 is_hidden(baselined::worker::kCancelDescriptor));
  if (!has_plugin || !has_run) {
    return Error(Error::Code::internal,
                 "no plugin and no connection from a daemon: this program is started by baselined; "
                 "to look at a plugin: baselined plugins show NAME");
  }
  return {};
}

baselined::worker::SandboxRequest sandbox_request(const baselined::worker::Arguments& arguments,
                                                  pid_t parent) {
  baselined::worker::SandboxRequest request;
  request.parent = parent;
  request.channel = baselined::worker::kChannelDescriptor;
  request.limits.max_memory_bytes = arguments.max_memory_bytes;
  request.limits.max_cpu_seconds = arguments.max_cpu_seconds;
  request.limits.max_file_bytes = arguments.mode == Mode::describe ? kMaxManifestBytes : 0;
  request.grants.capabilities = arguments.granted_capabilities;
  request.grants.read = arguments.read;
  request.is_required = arguments.is_sandbox_required;
  return request;
}

Status load_and_work(const baselined::worker::Arguments& arguments, pid_t parent) {
  BL_CHECK(hide_descriptors(arguments.mode));
  baselined::worker::RunContext context;
  context.granted_capabilities = arguments.granted_capabilities;
  context.own_status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  BL_TRY(context.confinement, baselined::worker::apply_sandbox(sandbox_request(arguments, parent)));
  BL_TRY(const bl_plugin* plugin, baselined::worker::load_plugin(
                                      baselined::worker::kPluginDescriptor, arguments.plugin_name));
  return arguments.mode == Mode::describe ? describe(*plugin)
                                          : baselined::worker::run_plugin(*plugin, context);
}

int work(int count, char** words) {
  const pid_t parent = getppid();
  const auto arguments =
      baselined::worker::parse_arguments({words + 1, static_cast<std::size_t>(count - 1)});
  if (!arguments) {
    complain(arguments.error().message());
    return 2;
  }
  const Status done = load_and_work(*arguments, parent);
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
