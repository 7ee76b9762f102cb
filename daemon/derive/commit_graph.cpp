#include "daemon/derive/commit_graph.h"

#include <algorithm>

namespace baselined::derive {

void CommitGraph::reserve(std::size_t commits) {
  commits_.reserve(commits);
  parents_.reserve(commits + commits / 4);
}

CommitGraph::Index CommitGraph::add(std::int64_t id) {
  const auto index = static_cast<Index>(commits_.size());
  BL_ASSERT(index != kNone);
  if (source_ != nullptr) {
    by_id_.emplace(id, index);
  } else {
    BL_ASSERT(commits_.empty() || commits_.back().id < id);
  }
  commits_.emplace_back().id = id;
  commits_.back().is_loaded = source_ == nullptr;
  return index;
}

CommitGraph::Index CommitGraph::index_of(std::int64_t id) {
  if (source_ != nullptr) {
    const auto found = by_id_.find(id);
    return found != by_id_.end() ? found->second : add(id);
  }
  const auto found = std::lower_bound(
      commits_.begin(), commits_.end(), id,
      [](const Commit& commit, std::int64_t wanted) { return commit.id < wanted; });
  if (found == commits_.end() || found->id != id) {
    return kNone;
  }
  return static_cast<Index>(found - commits_.begin());
}

void CommitGraph::set_parents(Index commit, std::span<const Index> parents) {
  commits_[commit].parents_begin = static_cast<std::uint32_t>(parents_.size());
  commits_[commit].n_parents = static_cast<std::uint32_t>(parents.size());
  parents_.insert(parents_.end(), parents.begin(), parents.end());
}

Result<CommitGraph::Commit*> CommitGraph::get(Index commit) {
  if (!commits_[commit].is_loaded) {
    BL_CHECK(source_->load(*this, commit));
    commits_[commit].is_loaded = true;
  }
  return &commits_[commit];
}

Result<std::span<const CommitGraph::Index>> CommitGraph::parents(Index commit) {
  BL_TRY(const Commit* loaded, get(commit));
  return std::span<const Index>(parents_).subspan(loaded->parents_begin, loaded->n_parents);
}

Status CommitGraph::number(Index commit) {
  struct Step {
    Index commit;
    std::uint32_t next_parent;
  };
  BL_TRY(const Commit* start, get(commit));
  if (start->generation != 0) {
    return {};
  }
  const std::uint32_t open = ++last_mark_;
  std::vector<Step> path{{commit, 0}};
  commits_[commit].mark = open;
  while (!path.empty()) {
    Step& step = path.back();
    BL_TRY(const std::span<const Index> all, parents(step.commit));
    if (step.next_parent == all.size()) {
      std::uint32_t highest = 0;
      for (const Index parent : all) {
        highest = std::max(highest, parent == kNone ? 0 : commits_[parent].generation);
      }
      commits_[step.commit].generation = highest + 1;
      path.pop_back();
      continue;
    }
    const Index parent = all[step.next_parent++];
    if (parent == kNone) {
      continue;
    }
    BL_TRY(Commit * loaded, get(parent));
    if (loaded->generation == 0 && loaded->mark != open) {
      loaded->mark = open;
      path.push_back({parent, 0});
    }
  }
  return {};
}

Result<bool> CommitGraph::is_ancestor(Index ancestor, Index of) {
  BL_TRY(const Commit* wanted, get(ancestor));
  const std::uint32_t floor = wanted->generation;
  const std::uint32_t seen = ++last_mark_;
  std::vector<Index> open{of};
  while (!open.empty()) {
    const Index commit = open.back();
    open.pop_back();
    BL_TRY(const std::span<const Index> all, parents(commit));
    for (const Index parent : all) {
      if (parent == ancestor) {
        return true;
      }
    }
    const std::vector<Index> next(all.begin(), all.end());
    for (const Index parent : next) {
      if (parent == kNone) {
        continue;
      }
      BL_TRY(Commit * loaded, get(parent));
      if (loaded->generation > floor && loaded->mark != seen) {
        loaded->mark = seen;
        open.push_back(parent);
      }
    }
  }
  return false;
}

}  // namespace baselined::derive
