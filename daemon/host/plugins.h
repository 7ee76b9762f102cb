// The installed plugins as this process knows them: their bytes and what they say of themselves,
// each read once as long as the file stays the same.
//
// Ownership: shared by the configuration's loader and the host; outlives both.
// Threads: any.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "daemon/config/configuration.h"
#include "daemon/host/plugin_image.h"

namespace baselined::host {

class Plugins final : public config::SchemaSource {
 public:
  // `worker`: the program baselined-worker.
  explicit Plugins(std::filesystem::path worker,
                   std::chrono::milliseconds deadline = std::chrono::seconds(5))
      : worker_(std::move(worker)), deadline_(deadline) {}

  const std::filesystem::path& worker() const { return worker_; }

  // Errors: those of PluginImage::read.
  Result<std::shared_ptr<const PluginImage>> image(const std::filesystem::path& file);

  // Through a worker, the only one to look into a plugin. Blocks, at most for the deadline. Errors:
  // config for a file that is missing or is no plugin of this ABI (the message says why), data for
  // a manifest that makes no sense.
  Result<config::PluginManifest> describe(const std::filesystem::path& file,
                                          config::SandboxPolicy sandbox) override;

 private:
  const std::filesystem::path worker_;
  const std::chrono::milliseconds deadline_;
  std::mutex mutex_;  // of what follows; never held while a file is read or a worker asked
  std::map<std::filesystem::path, std::shared_ptr<const PluginImage>> images_;
  // By SHA-256.
  std::map<std::pair<std::string, config::SandboxPolicy>, config::PluginManifest> manifests_;
};

}  // namespace baselined::host
