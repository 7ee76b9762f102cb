// Looks at the files that libgit2 reads when it opens a repository, before it does: it would wait
// for a pipe, and takes a configuration that it may not read, or that is a folder, for none. So too
// what a configuration includes.
//
// Stateless. Errors: GitError that names the file and says what to do.
#pragma once

#include <string>

namespace baselined::git {

// path is absolute. Says nothing when it is no repository.
void check_layout(const std::string& path);

// A folder of objects, and the ones that it borrows from.
void check_objects(const std::string& folder);

}  // namespace baselined::git
