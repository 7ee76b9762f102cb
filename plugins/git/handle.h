// Owning handles of libgit2 objects, and its errors as exceptions.
//
// A handle owns one object and frees it; null is a handle of nothing. Library must outlive every
// handle. check() throws GitError, whose text is for an administrator: what failed, then libgit2's
// own words. Not thread-safe: one collection is one thread.
#pragma once

#include <git2.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace baselined::git {

template <auto Free>
struct Release {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using RepositoryHandle = std::unique_ptr<git_repository, Release<git_repository_free>>;
using OdbHandle = std::unique_ptr<git_odb, Release<git_odb_free>>;
using ObjectHandle = std::unique_ptr<git_odb_object, Release<git_odb_object_free>>;
using ConfigHandle = std::unique_ptr<git_config, Release<git_config_free>>;
using ConfigIterator = std::unique_ptr<git_config_iterator, Release<git_config_iterator_free>>;
using TreeHandle = std::unique_ptr<git_tree, Release<git_tree_free>>;
using DiffHandle = std::unique_ptr<git_diff, Release<git_diff_free>>;
using StatsHandle = std::unique_ptr<git_diff_stats, Release<git_diff_stats_free>>;

class GitError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// libgit2's words for its last failure, valid UTF-8.
std::string last_error();

// Throws GitError("<what>: <libgit2's words>") when status is negative.
void check(int status, std::string_view what);

}  // namespace baselined::git
