// Which paths differ between two trees, cut to a few leading components.
//
// Only trees down to that depth are read, equal ones never: the cost is that of the top of the
// tree, not of a diff. Recently read trees are kept, because a commit's tree is the next commit's
// parent tree. Borrows the repository. Not thread-safe.
// Errors: a tree that is missing or damaged is counted (see damage()) and gives no paths.
#pragma once

#include <git2.h>

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "damage.h"
#include "repository.h"

namespace baselined::git {

class TouchedPaths {
 public:
  // depth: 1 to 8 components.
  TouchedPaths(const Repository& repository, int depth) : repository_(repository), depth_(depth) {}

  // Valid UTF-8, sorted, each once. A null tree is empty: every path of the other one.
  const std::vector<std::string>& between(const git_oid* before, const git_oid* after);

  const Damage& damage() const { return damage_; }

 private:
  struct Hash {
    std::size_t operator()(const git_oid& id) const;
  };
  struct Equal {
    bool operator()(const git_oid& left, const git_oid& right) const {
      return git_oid_equal(&left, &right) != 0;
    }
  };
  struct Kept {
    git_oid id;
    ObjectHandle object;
  };

  void compare(const git_oid* before, const git_oid* after, const std::string& prefix, int level);
  void differs(std::string_view name, const git_oid* before, const git_oid* after,
               const std::string& prefix, int level);
  ObjectHandle tree(const git_oid& id);
  void keep(const git_oid& id, const ObjectHandle& object);

  const Repository& repository_;
  int depth_;
  std::vector<std::string> found_;
  std::list<Kept> kept_;  // last used first
  std::unordered_map<git_oid, std::list<Kept>::iterator, Hash, Equal> index_;
  std::size_t kept_bytes_ = 0;
  Damage damage_;
};

}  // namespace baselined::git
