// Small files of a repository, read whole. Libgit2 waits for a pipe and takes some files that it
// may not read for missing ones; these functions do neither.
//
// What is no regular file is refused before it is opened: nothing waits, no device is touched.
// Stateless. Errors: Unreadable, whose text goes on after the name of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "handle.h"

namespace baselined::git {

// There is such a file, but: "is a link to nothing", "cannot be read (Permission denied)".
class Unreadable : public GitError {
 public:
  explicit Unreadable(const std::string& what) : GitError(what) {}
  // Of a system call.
  explicit Unreadable(int error);

  // What to do when it is a matter of permission; otherwise what the caller advises.
  std::string_view advice(std::string_view otherwise) const;

 private:
  bool is_denied_ = false;
};

// Up to so many bytes of the start; nullopt when there is no such file.
std::optional<std::string> read_file(const std::string& path, std::size_t limit = SIZE_MAX);

}  // namespace baselined::git
