// How many files and lines a commit changed against its first parent, as `git diff --shortstat`
// counts without looking for renames. Binary files, and files of more than 16 MiB, count as files.
//
// Borrows the repository. Not thread-safe.
// Errors: nothing comes back when a tree or a file's content is missing or damaged; see damage().
#pragma once

#include <git2.h>

#include <cstdint>
#include <optional>

#include "damage.h"
#include "repository.h"

namespace baselined::git {

struct LineCounts {
  std::int64_t files = 0;
  std::int64_t additions = 0;
  std::int64_t deletions = 0;
};

class LineCounter {
 public:
  explicit LineCounter(const Repository& repository) : repository_(repository) {}

  // before is null for a root commit.
  std::optional<LineCounts> between(const git_oid* before, const git_oid* after);

  const Damage& damage() const { return damage_; }

 private:
  LineCounts count(const git_oid* before, const git_oid* after) const;
  TreeHandle tree(const git_oid* id) const;

  const Repository& repository_;
  Damage damage_;
};

}  // namespace baselined::git
