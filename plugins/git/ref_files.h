// Reads the files that hold the refs of a repository: loose ones, HEADs, packed-refs.
//
// Not by libgit2's iterator: that passes over what it cannot read, and a ref that is passed over
// looks deleted. Here it comes out with a problem. What git does not take for a ref is none: names
// with a leading dot, *.lock, names that git does not allow (counted).
// Safe beside git processes: loose files are read before packed-refs. `git pack-refs` writes
// packed-refs before it deletes a loose file, and deleting a ref does the same, so a ref that stays
// is met in one of both, and a file that is gone when it is opened was packed or deleted. Except
// that a file which is replaced while its folder is read may be passed over (tmpfs and btrfs do
// that): that a ref is gone, or back at its packed target, is only true after look_up(). Needs a
// live Library. Not thread-safe. Errors: none but bad_alloc; see RefFiles.
#pragma once

#include <git2.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "damage.h"
#include "file.h"

namespace baselined::git {

// Both end in a slash. They differ in a linked worktree, which has few refs of its own.
struct RefFolders {
  std::string common;
  std::string own;
};

struct RefFile {
  std::string name;  // full: refs/tags/v1
  git_oid target{};
  bool is_symbolic = false;
  std::string problem;  // why there is no target, and what to do
  bool is_packed = false;
};

struct RefFiles {
  std::vector<RefFile> refs;   // by name; a loose one hides the packed one of its name
  std::vector<git_oid> heads;  // commits that a HEAD is at without a branch, sorted
  Damage damage;               // of what may hold any ref: folders, packed-refs; and of HEADs
  Damage bad_names;
  std::pair<std::uint64_t, std::uint64_t> folder_id;  // of refs, when it was read first
  FileStamp packed_stamp;                             // of packed-refs, before it was read

  bool is_sound() const;
};

// By its full name; null when it is not in the list.
const RefFile* find(const RefFiles& files, const std::string& name);

RefFiles read_ref_files(const RefFolders& folders);

// The same list with what it should hold under these full names. Each is opened as a loose file,
// unless the list has it from one; when one is nowhere, packed-refs is read again if it changed.
RefFiles look_up(const RefFolders& folders, const std::vector<std::string>& names, RefFiles files);

// Looks again when something was unreadable, once: another process may have been at work.
RefFiles look_twice(const std::function<RefFiles()>& look);

}  // namespace baselined::git
