// libgit2, set up for a sandboxed reader of foreign repositories: small memory maps, few open
// files, no caches that we do not profit from, no configuration but the repository's own.
//
// Keep one alive while any handle is. The settings are the process's: a worker runs one collector.
// Throws GitError when libgit2 cannot start.
#pragma once

namespace baselined::git {

class Library {
 public:
  Library();
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

}  // namespace baselined::git
