// The right to write: an exclusive lock on <state_dir>/lock (an open file description lock, see
// fcntl(2)), held by one process at a time.
//
// The kernel frees it when the process ends, however it ends; the file stays. It contains the
// process id of the last holder, for messages only.
// Errors: limit where another process holds it, config where the directory cannot be used.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "daemon/base/result.h"

namespace baselined::store {

class WriterLock {
 public:
  static Result<WriterLock> acquire(const std::filesystem::path& state_dir);
  // "process 1234", where one holds it right now.
  static std::optional<std::string> find_holder(const std::filesystem::path& state_dir);
  WriterLock(WriterLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  WriterLock& operator=(WriterLock&&) = delete;
  ~WriterLock();

 private:
  explicit WriterLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace baselined::store
