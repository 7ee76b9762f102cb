// The commit graph of one repository in memory: 40 bytes per commit, parents as 32-bit indices.
//
// Either the whole repository was added, oldest record first, or commits come from a CommitSource
// when a walk touches them: then the cost follows the walk, not the history.
// Ownership: the source must outlive the graph. References and spans are valid until the next call
// that may load a commit.
// Threads: one thread at a time.
// Errors: those of the source; none without one.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <unordered_map>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/derive/repository.h"

namespace baselined::derive {

class CommitGraph;

class CommitSource {
 public:
  virtual ~CommitSource() = default;
  // Fills the commit at `index`: everything but its id.
  virtual Status load(CommitGraph& graph, std::uint32_t index) = 0;
  // Whether a stored deployment has this commit as its head.
  virtual Result<bool> was_deployed(std::int64_t commit_id) = 0;
};

class CommitGraph {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = std::numeric_limits<Index>::max();

  struct Commit {
    std::int64_t id = 0;  // record_commit_1.id
    std::int64_t committed_at = kNoTime;
    std::uint32_t parents_begin = 0;
    std::uint32_t n_parents = 0;
    std::uint32_t generation = 0;    // 1 + that of the highest parent; 0: not numbered yet
    Index shipped_by = kNone;        // a number of whoever walks
    std::uint32_t mark = 0;          // of the last search that came by
    Belongs belongs = Belongs::yes;  // to the service
    bool is_bot = false;
    bool is_loaded = false;
    bool is_head = false;  // of a deployment of this walk
  };

  explicit CommitGraph(CommitSource* source = nullptr) : source_(source) {}

  void reserve(std::size_t commits);
  // Without a source ids must ascend.
  Index add(std::int64_t id);
  // With a source, a commit that was not touched yet is added unloaded; without, kNone.
  Index index_of(std::int64_t id);
  // First parent first; kNone stands for a parent that was not collected.
  void set_parents(Index commit, std::span<const Index> parents);

  std::size_t size() const { return commits_.size(); }
  // Must be loaded.
  Commit& at(Index commit) { return commits_[commit]; }
  // Loads it, where needed.
  Result<Commit*> get(Index commit);
  Result<std::span<const Index>> parents(Index commit);
  CommitSource* source() { return source_; }

  // Gives this commit and its ancestors their generation. A circle, which git cannot make, is cut.
  Status number(Index commit);
  Result<bool> is_ancestor(Index ancestor, Index of);

 private:
  CommitSource* source_;
  std::vector<Commit> commits_;
  std::vector<Index> parents_;
  std::unordered_map<std::int64_t, Index> by_id_;  // only with a source
  std::uint32_t last_mark_ = 0;
};

}  // namespace baselined::derive
