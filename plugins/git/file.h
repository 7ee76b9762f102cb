// Small files of a repository, read whole. Libgit2 waits for a pipe and takes some files that it
// may not read for missing ones; these functions do neither.
//
// What is no regular file, or larger than anybody's, is refused before it is opened: nothing waits,
// no device is touched, and a size on the disk decides no size in memory.
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

// What git writes stays far below these.
inline constexpr std::size_t kLinkLimitBytes = std::size_t{8}
                                               << 10U;  // a path or an id: HEAD, .git
inline constexpr std::size_t kListLimitBytes = std::size_t{16}
                                               << 20U;  // config, shallow, alternates

// All of it; nullopt when there is no such file. One that is larger than the limit is Unreadable.
std::optional<std::string> read_file(const std::string& path, std::size_t limit_bytes);

// The same of the first bytes only, however large it is.
std::optional<std::string> read_start(const std::string& path, std::size_t bytes);

// What to do where reading is not permitted.
inline constexpr std::string_view kHowToPermit =
    "give the service's group read access, and where it lies outside of the paths in "
    "'repositories', "
    "name its folder in 'read_also'";

// A file or folder that this process may not read, or not even reach. It is tried: access() knows
// nothing of the sandbox.
bool is_denied(const std::string& path);

// Differs when a file was written or replaced in between; equal for none and none.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t number = 0;  // of the inode
  std::int64_t size_bytes = 0;
  std::int64_t written_ns = 0;
  std::int64_t changed_ns = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp stamp_of(const std::string& path);

}  // namespace baselined::git
