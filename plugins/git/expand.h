// From the configured paths, which may hold wildcards, to directories to open.
//
// Pure but for reading directories. Errors: GitError when a directory of a pattern cannot be read,
// because a repository in it would be missed without a word.
#pragma once

#include <string>
#include <vector>

namespace baselined::git {

struct Candidate {
  std::string path;       // without a slash at its end
  bool is_named = false;  // written literally: it must be a repository
};

// One pattern, its matches sorted by bytes. Wildcards are * and ?, neither matches a slash or a
// leading dot. A pattern without one is its own only candidate, whether it exists or not.
std::vector<Candidate> expand(const std::string& pattern);

}  // namespace baselined::git
