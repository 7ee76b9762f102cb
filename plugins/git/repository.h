// One opened repository, read-only: its identity, its objects, and what makes it special.
//
// Its identity without an origin is the real path of the folder that its worktrees share, so one
// repository has one identity, whatever path led to it.
// open() never searches parent directories, runs no hook and follows no configuration but the
// repository's own. Needs a live Library. Not thread-safe.
// Errors: OpenFailed says what is wrong with the path and what to do. read() gives null for an
// object that is not there and throws GitError for one that is damaged.
#pragma once

#include <git2.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "handle.h"
#include "oid_index.h"
#include "ref_files.h"

namespace baselined::git {

// The same for every path that leads to a repository: of its origin, or else the real path of the
// folder. Valid UTF-8.
std::string identity_of(const std::string& origin, const std::string& folder);

class OpenFailed : public std::runtime_error {
 public:
  enum class Why { not_a_repository, unusable };
  OpenFailed(Why why, const std::string& message) : std::runtime_error(message), why_(why) {}
  Why why() const { return why_; }

 private:
  Why why_;
};

class Repository {
 public:
  // path is absolute.
  static Repository open(const std::string& path);

  const std::string& path() const { return path_; }
  const std::string& identity() const { return identity_; }
  git_repository* handle() const { return repository_.get(); }

  // Objects may be missing on purpose, to be fetched from a promisor.
  bool is_partial() const { return is_partial_; }
  // Commits whose parents are missing on purpose. Empty unless the clone is shallow.
  const OidIndex& shallow_commits() const { return shallow_; }

  RefFolders ref_folders() const;

  ObjectHandle read(const git_oid& id) const;

 private:
  Repository(std::string path, RepositoryHandle repository);
  void read_config();
  void read_shallow_commits();

  std::string path_;
  RepositoryHandle repository_;
  OdbHandle odb_;
  std::string common_dir_;  // with a slash at its end
  std::string identity_;
  bool is_partial_ = false;
  OidIndex shallow_;
};

// The raw bytes of an object.
inline std::string_view bytes_of(const ObjectHandle& object) {
  return {static_cast<const char*>(git_odb_object_data(object.get())),
          git_odb_object_size(object.get())};
}

}  // namespace baselined::git
