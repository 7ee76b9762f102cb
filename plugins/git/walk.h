// Finds the commits that are reachable from some tips and not from others, each read once.
//
//   Walk walk(repository, authors);
//   walk.include(tip); walk.exclude(known, its_date);
//   walk.run([&] { run.stop_if_cancelled(); });
//   for (const std::uint32_t number : walk.in_order()) { use(walk.commit(number)); }
//
// The newest commit is looked at first, so that excluded history is read only as far back as the
// included one reaches: a few commits on top of a million cost a few reads. Only where dates run
// backwards may an excluded commit come out again; an included one is never lost.
// Excluded commits that are gone (rewritten and pruned) exclude nothing. Missing or damaged
// included ones are counted, and the walk goes on: see damage(). Parents beyond a shallow clone's
// border and refs/replace are not followed. Owned by the collection of one repository; borrows both
// arguments. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "authors.h"
#include "commit_parser.h"
#include "damage.h"
#include "oid_index.h"
#include "repository.h"

namespace baselined::git {

struct Commit {
  git_oid tree{};
  std::int64_t authored_seconds = kNoTime;
  std::int64_t committed_seconds = kNoTime;
  std::uint32_t author = 0;  // number in Authors
  std::uint32_t first_parent = 0;
  std::uint32_t n_parents = 0;
  bool is_read = false;
  bool is_missing = false;
  bool is_queued = false;   // was ever
  bool is_visited = false;  // its parents are known to the walk
  bool is_excluded = false;
};

class Walk {
 public:
  Walk(const Repository& repository, Authors& authors)
      : repository_(repository), authors_(authors) {}

  void include(const git_oid& tip);
  // The date spares reading the commit; kNoTime when it is not known.
  void exclude(const git_oid& tip, std::int64_t committed_seconds);

  // poll is called every few hundred commits, with how many were visited; what it throws ends the
  // walk.
  void run(const std::function<void(std::uint64_t)>& poll);

  // The found commits, parents before children, the same for the same tips in the same order.
  std::vector<std::uint32_t> in_order() const;

  const git_oid& id(std::uint32_t number) const { return ids_.id(number); }
  const Commit& commit(std::uint32_t number) const { return commits_[number]; }
  // First parent first. A parent that was not walked to has no data but its id.
  std::span<const std::uint32_t> parents(std::uint32_t number) const {
    const Commit& commit = commits_[number];
    return std::span(parents_).subspan(commit.first_parent, commit.n_parents);
  }
  bool is_in_result(std::uint32_t number) const {
    return commits_[number].is_visited && !commits_[number].is_excluded;
  }
  std::uint32_t size() const { return ids_.size(); }

  // The tree of a commit's first parent, read now if the walk did not need it; null when the commit
  // is a root, and when the parent is not to be had (see is_root). Ends the life of every
  // reference that commit() gave; what it gives itself lives until the next call.
  const git_oid* tree_before(std::uint32_t number);
  bool is_root(std::uint32_t number) const { return commits_[number].n_parents == 0; }

  const Damage& damage() const { return damage_; }

 private:
  struct Entry {
    std::int64_t seconds;
    bool is_excluded;  // first among equals: it decides about the others
    std::uint32_t number;
    friend bool operator<(const Entry& left, const Entry& right) {
      return std::pair(left.seconds, left.is_excluded) <
             std::pair(right.seconds, right.is_excluded);
    }
  };

  std::uint32_t add(const git_oid& id);
  bool read(std::uint32_t number, bool must_exist);
  void keep(std::uint32_t number, const ParsedCommit& parsed);
  void enqueue(std::uint32_t number);
  void visit(std::uint32_t number);
  void include_number(std::uint32_t number);
  void exclude_number(std::uint32_t number);

  const Repository& repository_;
  Authors& authors_;
  OidIndex ids_;
  std::vector<Commit> commits_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint32_t> tips_;
  std::priority_queue<Entry> queue_;
  std::uint64_t n_open_ = 0;  // queued and not excluded
  ParsedCommit parsed_;
  Damage damage_;
};

}  // namespace baselined::git
