#include "daemon/main/installation.h"

#include <fmt/format.h>

namespace baselined {

Result<std::filesystem::path> worker_program() {
  std::error_code failure;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failure);
  const auto folder = self.parent_path();
  for (const auto& candidate : {folder / "baselined-worker",
                                folder.parent_path() / "lib" / "baselined" / "baselined-worker"}) {
    if (std::filesystem::exists(candidate, failure)) {
      return candidate;
    }
  }
  return Error(Error::Code::internal,
               fmt::format("baselined-worker is missing: expected in {} or {}; install baselined "
                           "again",
                           folder.string(), (folder.parent_path() / "lib/baselined").string()));
}

}  // namespace baselined
