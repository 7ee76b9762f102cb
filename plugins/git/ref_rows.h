// From the refs of now and those of before to rows, removals and what to remember.
//
//   new or moved ref       its row is emitted
//   branch that moved      its old row is removed
//   tag that moved         its old row stays: a deployment of the past is not rewritten
//   ref that is gone       all its rows are removed
//
// Owned by the collection of one repository; borrows the repository. Not thread-safe.
// Errors: a ref whose object is missing or damaged is counted in damage(), and left as it was.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "damage.h"
#include "known_refs.h"
#include "refs.h"
#include "repository.h"

namespace baselined::git {

class RefRows {
 public:
  // With is_full, every ref counts as new.
  RefRows(const Repository& repository, const std::vector<Ref>& current,
          std::vector<KnownRef> known, bool is_full);

  // Everything that exists now, in the order of the refs: where the walk starts.
  const std::vector<KnownRef>& tips() const { return tips_; }

  // Rows and removals, then the open set that the next run starts from.
  void emit(Run& run) const;

  const Damage& damage() const { return damage_; }
  std::uint64_t n_not_commits() const { return n_not_commits_; }
  std::uint64_t n_bad_dates() const { return n_bad_dates_; }

 private:
  struct Row {
    KnownRef known;
    bool is_annotated;
    std::int64_t tagged_seconds;
  };

  void add(const Ref& ref, const std::vector<KnownRef>& known, bool is_full);
  void settle(const std::vector<Ref>& current, const std::vector<KnownRef>& known);

  const Repository& repository_;
  std::vector<KnownRef> tips_;
  std::vector<Row> rows_;
  std::vector<Ref> removed_;
  std::vector<KnownRef> remembered_;
  Damage damage_;
  std::uint64_t n_not_commits_ = 0;
  std::uint64_t n_bad_dates_ = 0;
};

}  // namespace baselined::git
