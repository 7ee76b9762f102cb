// The bytes of a plugin's file: checked, copied and sealed, so that what was checked is what a
// worker loads, whatever happens to the file meanwhile.
//
// A plugin is code that runs on this machine. Every folder from the root to the file, and every
// folder that a symbolic link on the way stands in, must belong to root or to the user of this
// process, and nobody else may write there; so must the links themselves.
// Ownership: an image owns its memory; it lives until the last worker that was started with it
// ends. Threads: immutable once made.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>

#include "daemon/base/result.h"
#include "daemon/host/descriptor.h"

namespace baselined::host {

class PluginImage {
 public:
  // Errors: config, naming what is wrong and how to mend it; transient for lack of memory or
  // descriptors, and for a file that changes while it is read.
  static Result<std::shared_ptr<const PluginImage>> read(const std::filesystem::path& file);

  const std::filesystem::path& file() const { return file_; }
  // To be inherited by a worker.
  const Descriptor& bytes() const { return bytes_; }
  // 64 hexadecimal digits.
  const std::string& sha256() const { return sha256_; }
  // Would reading the file again give the same? By its number, size and times.
  bool is_current() const;

 private:
  PluginImage() = default;

  std::filesystem::path file_;
  Descriptor bytes_;
  std::string sha256_;
  struct stat status_ {};
};

}  // namespace baselined::host
