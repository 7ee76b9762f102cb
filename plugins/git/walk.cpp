// A priority queue by commit date, as in git's own revision walk. A commit is read when it is
// queued (its date is needed) unless its date came with exclude(); it is visited when it leaves the
// queue. The walk ends when nothing that is still included is left in the queue.
#include "walk.h"

#include "text.h"

namespace baselined::git {
namespace {

constexpr std::uint64_t kPollEvery = 256;

}  // namespace

void Walk::include(const git_oid& tip) {
  const std::uint32_t number = add(tip);
  tips_.push_back(number);
  include_number(number);
}

void Walk::exclude(const git_oid& tip, std::int64_t committed_seconds) {
  const std::uint32_t number = add(tip);
  if (!commits_[number].is_read) {
    commits_[number].committed_seconds = committed_seconds;
  }
  exclude_number(number);
}

void Walk::run(const std::function<void(std::uint64_t)>& poll) {
  std::uint64_t n_visited = 0;
  while (n_open_ > 0) {
    const Entry entry = queue_.top();
    queue_.pop();
    const Commit& commit = commits_[entry.number];
    // One that was excluded while it waited is in the queue twice.
    if (commit.is_visited || commit.is_excluded != entry.is_excluded) {
      continue;
    }
    visit(entry.number);
    if (++n_visited % kPollEvery == 0) {
      poll(n_visited);
    }
  }
}

void Walk::visit(std::uint32_t number) {
  const bool is_excluded = commits_[number].is_excluded;
  commits_[number].is_visited = true;
  n_open_ -= is_excluded ? 0U : 1U;
  if (!read(number, !is_excluded) || repository_.shallow_commits().contains(id(number))) {
    return;
  }
  const Commit commit = commits_[number];  // a copy: new parents move the vectors
  for (std::uint32_t at = 0; at < commit.n_parents; ++at) {
    const std::uint32_t parent = parents_[commit.first_parent + at];
    if (is_excluded) {
      exclude_number(parent);
    } else {
      include_number(parent);
    }
  }
}

void Walk::include_number(std::uint32_t number) {
  if (!commits_[number].is_queued && read(number, true)) {
    enqueue(number);
  }
}

// Excludes the commit, and what was already walked to from it.
void Walk::exclude_number(std::uint32_t first) {
  std::vector<std::uint32_t> pending = {first};
  while (!pending.empty()) {
    const std::uint32_t number = pending.back();
    pending.pop_back();
    Commit& commit = commits_[number];
    if (commit.is_excluded) {
      continue;
    }
    commit.is_excluded = true;
    if (commit.is_visited) {
      const auto walked = parents(number);
      pending.insert(pending.end(), walked.begin(), walked.end());
      continue;
    }
    if (commit.is_queued) {
      --n_open_;
    } else if (commit.committed_seconds == kNoTime) {
      read(number, false);
    }
    enqueue(number);
  }
}

void Walk::enqueue(std::uint32_t number) {
  Commit& commit = commits_[number];
  n_open_ += commit.is_excluded ? 0U : 1U;
  commit.is_queued = true;
  queue_.push({commit.committed_seconds, commit.is_excluded, number});
}

std::uint32_t Walk::add(const git_oid& id) {
  const auto [number, is_new] = ids_.add(id);
  if (is_new) {
    commits_.emplace_back();
  }
  return number;
}

bool Walk::read(std::uint32_t number, bool must_exist) {
  if (commits_[number].is_read || commits_[number].is_missing) {
    return commits_[number].is_read;
  }
  std::string problem = "it is missing";
  try {
    const ObjectHandle object = repository_.read(id(number));
    if (object != nullptr && git_odb_object_type(object.get()) == GIT_OBJECT_COMMIT &&
        parse_commit(bytes_of(object), parsed_)) {
      keep(number, parsed_);
      return true;
    }
    problem = object == nullptr ? problem : "it is no valid commit";
  } catch (const GitError& error) {
    problem = error.what();
  }
  commits_[number].is_missing = true;
  if (must_exist) {
    damage_.note("commit " + to_hex(id(number)) + ": " + problem);
  }
  return false;
}

void Walk::keep(std::uint32_t number, const ParsedCommit& parsed) {
  const auto first_parent = static_cast<std::uint32_t>(parents_.size());
  for (const git_oid& parent : parsed.parents) {
    parents_.push_back(add(parent));
  }
  Commit& commit = commits_[number];
  commit.tree = parsed.tree;
  commit.authored_seconds = parsed.author.seconds;
  commit.committed_seconds = parsed.committer.seconds;
  commit.author = authors_.number(parsed.author);
  commit.first_parent = first_parent;
  commit.n_parents = static_cast<std::uint32_t>(parsed.parents.size());
  commit.is_read = true;
}

const git_oid* Walk::tree_before(std::uint32_t number) {
  if (is_root(number) || repository_.shallow_commits().contains(id(number))) {
    return nullptr;
  }
  const std::uint32_t parent = parents(number).front();
  return read(parent, false) ? &commits_[parent].tree : nullptr;
}

std::vector<std::uint32_t> Walk::in_order() const {
  struct Step {
    std::uint32_t number;
    std::uint32_t next_parent;
  };
  std::vector<std::uint32_t> order;
  std::vector<bool> is_reached(commits_.size(), false);
  std::vector<Step> path;
  const auto reach = [&](std::uint32_t number) {
    if (is_in_result(number) && !is_reached[number]) {
      is_reached[number] = true;
      path.push_back({number, 0});
    }
  };
  for (const std::uint32_t tip : tips_) {
    reach(tip);
    while (!path.empty()) {
      Step& step = path.back();
      const auto all = parents(step.number);
      if (step.next_parent < all.size()) {
        reach(all[step.next_parent++]);
      } else {
        order.push_back(step.number);
        path.pop_back();
      }
    }
  }
  return order;
}

}  // namespace baselined::git
