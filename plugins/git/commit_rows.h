// Emits the commits of a walk, and the paths that they touched, parents before children.
//
// After every kBarrierEvery commits a barrier makes them durable, with a checkpoint that a later
// run goes on from if this one is killed. What was stored when the cursor is written is for the
// caller: this class never moves it.
// Owned by the collection of one repository; borrows all arguments. Not thread-safe.
// Errors: Failure when the host refuses or cancels. Damaged trees are counted.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "authors.h"
#include "damage.h"
#include "lines.h"
#include "options.h"
#include "paths.h"
#include "repository.h"
#include "walk.h"

namespace baselined::git {

class CommitRows {
 public:
  static constexpr std::size_t kBarrierEvery = 10'000;

  // barrier gets the numbers of the stored commits that no other stored commit has as a parent.
  // progress gets how many commits are emitted.
  using Barrier = std::function<void(const std::vector<std::uint32_t>&)>;
  using Progress = std::function<void(std::uint64_t)>;

  CommitRows(const Repository& repository, const Options& options, Walk& walk,
             const Authors& authors);

  void emit(Run& run, std::span<const std::uint32_t> order, const Barrier& barrier,
            const Progress& progress);

  std::uint64_t n_bad_dates() const { return n_bad_dates_; }
  Damage path_damage() const { return paths_ ? paths_->damage() : Damage(); }
  Damage line_damage() const { return lines_ ? lines_->damage() : Damage(); }

 private:
  void emit_commit(Run& run, std::uint32_t number);
  std::string_view parents_text(std::uint32_t number);
  std::optional<Time> time(std::int64_t seconds);
  std::vector<std::uint32_t> heads(std::span<const std::uint32_t> emitted) const;

  const Repository& repository_;
  Walk& walk_;
  const Authors& authors_;
  std::optional<TouchedPaths> paths_;
  std::optional<LineCounter> lines_;
  std::vector<bool> has_child_;  // among the emitted commits
  std::string parents_text_;
  std::uint64_t n_bad_dates_ = 0;
};

}  // namespace baselined::git
