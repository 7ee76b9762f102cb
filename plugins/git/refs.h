// What the refs of a repository are at, in two steps.
//
// list_refs() is cheap (names and targets): its fingerprint tells whether anything moved since the
// last run. resolve() then finds the commit behind a target, which costs reading objects.
// Covered is what `git rev-list --all` starts from: everything below refs/, and a HEAD that is at
// no branch, of linked worktrees too. Symbolic refs (origin/HEAD) only repeat another one.
// Not thread-safe. Errors: a ref that is there and cannot be read is counted in damage: then the
// list says nothing about what is gone. Resolved says the rest.
#pragma once

#include <git2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "commit_parser.h"
#include "damage.h"
#include "repository.h"

namespace baselined::git {

enum class RefKind { tag, branch, other };

struct Ref {
  RefKind kind = RefKind::other;
  std::string name;  // short, valid UTF-8: v1.2.0, main, origin/main; empty for other
  git_oid target{};  // for an annotated tag the tag object
};

struct RefList {
  std::vector<Ref> refs;    // by full name
  std::string fingerprint;  // of all full names and targets
  Damage damage;            // refs that could not be read
  Damage bad_names;         // files that git does not take for refs
  RefFiles files;           // what it was made of, until look_up()
};

// With globs, only tags and the branches whose short name matches one (* matches a slash too).
RefList list_refs(const Repository& repository, const std::vector<std::string>& branch_globs);

// Before a stored ref is taken for deleted or moved: looks up by name what of the stored ones the
// list has nowhere, or only in packed-refs and at another target. The list may have passed over it.
RefList look_up(const Repository& repository, const std::vector<std::string>& branch_globs,
                const std::vector<Ref>& stored, RefList list);

struct Resolved {
  enum class State { commit, not_a_commit, missing };
  State state = State::missing;
  git_oid commit{};
  bool is_annotated = false;
  std::int64_t tagged_seconds = kNoTime;     // of the outermost tag object
  std::int64_t committed_seconds = kNoTime;  // of the commit
  std::string problem;                       // when missing
};

Resolved resolve(const Repository& repository, const git_oid& target);

}  // namespace baselined::git
