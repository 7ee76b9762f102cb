// Reads both pipes until the worker exits, the deadline passes or there is too much, then kills
// whatever is left and judges. A worker may close its pipes and hang, or leave a child that holds
// them: so it is its exit that counts, not the end of the pipes.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>

#include "daemon/host/plugins.h"
#include "daemon/host/spawn.h"
#include "daemon/host/text.h"
#include "daemon/wire/messages.h"

namespace baselined::host {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 20U;
constexpr std::size_t kReadBytes = std::size_t{64} << 10U;

struct Capture {
  std::string output;
  std::string errors;  // its first kMaxTextBytes
  bool is_late = false;
  bool is_too_long = false;
};

// Reads what is there; closes the pipe at its end.
void read_some(Descriptor& pipe, std::string& into) {
  std::array<char, kReadBytes> bytes = {};
  const ssize_t count = ::read(pipe.get(), bytes.data(), bytes.size());
  if (count > 0) {
    into.append(bytes.data(), static_cast<std::size_t>(count));
  } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
    pipe.close();
  }
}

// True once the worker has exited; by then all that it wrote has been read.
bool wait_and_read(Spawned& worker, Capture& captured, int timeout_ms) {
  // poll() ignores a pipe that is closed: its number is -1.
  std::array<pollfd, 3> sources = {pollfd{worker.process.handle(), POLLIN, 0},
                                   pollfd{worker.output.get(), POLLIN, 0},
                                   pollfd{worker.errors.get(), POLLIN, 0}};
  ::poll(sources.data(), sources.size(), timeout_ms);
  if (sources[1].revents != 0) {
    read_some(worker.output, captured.output);
  }
  if (sources[2].revents != 0) {
    read_some(worker.errors, captured.errors);
    captured.errors.resize(std::min(captured.errors.size(), kMaxTextBytes));
  }
  return sources[0].revents != 0 && sources[1].revents == 0 && sources[2].revents == 0;
}

Capture capture(Spawned& worker, std::chrono::milliseconds limit) {
  ::fcntl(worker.output.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(worker.errors.get(), F_SETFL, O_NONBLOCK);
  Capture captured;
  const auto deadline = steady_clock::now() + limit;
  bool has_exited = false;
  while (!has_exited && !captured.is_late && !captured.is_too_long) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    captured.is_late = left <= 0;
    if (!captured.is_late) {
      has_exited = wait_and_read(worker, captured, static_cast<int>(left));
      captured.is_too_long = captured.output.size() > kMaxManifestBytes;
    }
  }
  return captured;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

Error refusal(std::string_view plugin, std::string_view reason) {
  return {Error::Code::config, fmt::format("{}: {}", plugin, reason)};
}

Result<config::PluginManifest> ask_worker(const std::filesystem::path& worker,
                                          const PluginImage& image, config::SandboxPolicy sandbox,
                                          std::chrono::milliseconds deadline) {
  const std::string plugin = image.file().string();
  SpawnRequest request;
  request.arguments = {worker.string(), "--describe", plugin, "--sandbox", to_string(sandbox)};
  request.plugin = image.bytes().get();
  BL_TRY(Spawned spawned, spawn(request));
  const Capture captured = capture(spawned, deadline);
  if (captured.is_late || captured.is_too_long) {
    spawned.process.kill_group();
  }
  const ExitStatus status = spawned.process.reap();
  if (captured.is_late) {
    return refusal(plugin, "it did not describe itself within " + format_duration(deadline));
  }
  if (captured.is_too_long) {
    return refusal(plugin, "its description is larger than 1 MiB");
  }
  if (!status.is_success()) {
    const std::string reason = clean_text(captured.errors);
    return refusal(plugin, reason.empty() ? "its worker " + status.text() : reason);
  }
  if (captured.output.empty()) {
    return refusal(plugin, "its worker " + status.text() + " and described nothing");
  }
  Result<config::PluginManifest> manifest = config::parse_manifest(captured.output);
  if (!manifest) {
    return std::move(manifest).error().with(plugin);
  }
  manifest->sha256 = image.sha256();
  manifest->fingerprint = wire::fingerprint(trimmed(captured.output));
  return manifest;
}

}  // namespace

Result<std::shared_ptr<const PluginImage>> Plugins::image(const std::filesystem::path& file) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = images_.find(file);
    if (known != images_.end() && known->second->is_current()) {
      return known->second;
    }
  }
  BL_TRY(auto read, PluginImage::read(file));
  const std::lock_guard lock(mutex_);
  images_[file] = read;
  return read;
}

Result<config::PluginManifest> Plugins::describe(const std::filesystem::path& file,
                                                 config::SandboxPolicy sandbox) {
  BL_TRY(const auto read, image(file));
  const std::pair key(read->sha256(), sandbox);
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = manifests_.find(key); known != manifests_.end()) {
      return known->second;
    }
  }
  BL_TRY(const config::PluginManifest manifest, ask_worker(worker_, *read, sandbox, deadline_));
  const std::lock_guard lock(mutex_);
  manifests_.emplace(key, manifest);
  return manifest;
}

}  // namespace baselined::host
