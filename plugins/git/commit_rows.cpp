#include "commit_rows.h"

#include "streams.h"
#include "text.h"

namespace baselined::git {
namespace {

constexpr std::uint64_t kPollEvery = 256;

std::optional<std::int64_t> field(const std::optional<LineCounts>& counts,
                                  std::int64_t LineCounts::*of) {
  return counts ? std::optional((*counts).*of) : std::nullopt;
}

}  // namespace

CommitRows::CommitRows(const Repository& repository, const Options& options, Walk& walk,
                       const Authors& authors)
    : repository_(repository), walk_(walk), authors_(authors) {
  if (options.path_depth > 0) {
    paths_.emplace(repository, options.path_depth);
  }
  if (options.line_counts) {
    lines_.emplace(repository);
  }
}

void CommitRows::emit(Run& run, std::span<const std::uint32_t> order, const Barrier& barrier,
                      const Progress& progress) {
  has_child_.assign(walk_.size(), false);
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (at > 0 && at % kBarrierEvery == 0) {
      barrier(heads(order.first(at)));
    }
    if (at % kPollEvery == 0) {
      run.stop_if_cancelled();
      progress(at);
    }
    emit_commit(run, order[at]);
  }
  progress(order.size());
}

void CommitRows::emit_commit(Run& run, std::uint32_t number) {
  const git_oid* before = walk_.tree_before(number);  // first: it may read, and move commits
  const Commit& commit = walk_.commit(number);
  const Author& author = authors_.at(commit.author);
  const std::string sha = to_hex(walk_.id(number));
  // Without its parent nobody can say what a commit changed; a root changed everything.
  const bool is_comparable = before != nullptr || walk_.is_root(number);
  const std::optional<LineCounts> counts =
      lines_ && is_comparable ? lines_->between(before, &commit.tree) : std::nullopt;
  run.emit(kCommits,
           {repository_.identity(), sha, parents_text(number), time(commit.authored_seconds),
            time(commit.committed_seconds), author.email.empty() ? Value() : Value(author.email),
            field(counts, &LineCounts::files), field(counts, &LineCounts::additions),
            field(counts, &LineCounts::deletions), author.is_bot});
  if (paths_ && is_comparable) {
    for (const std::string& path : paths_->between(before, &commit.tree)) {
      run.emit(kCommitPaths, {repository_.identity(), sha, path});
    }
  }
  for (const std::uint32_t parent : walk_.parents(number)) {
    has_child_[parent] = true;
  }
}

// ["<id>","<id>"], first parent first.
std::string_view CommitRows::parents_text(std::uint32_t number) {
  parents_text_ = "[";
  for (const std::uint32_t parent : walk_.parents(number)) {
    parents_text_ += parents_text_.size() > 1 ? ",\"" : "\"";
    parents_text_ += to_hex(walk_.id(parent));
    parents_text_ += '"';
  }
  parents_text_ += ']';
  return parents_text_;
}

std::optional<Time> CommitRows::time(std::int64_t seconds) {
  const auto microseconds = to_microseconds(seconds);
  n_bad_dates_ += microseconds ? 0U : 1U;
  return microseconds ? std::optional(Time{*microseconds}) : std::nullopt;
}

std::vector<std::uint32_t> CommitRows::heads(std::span<const std::uint32_t> emitted) const {
  std::vector<std::uint32_t> result;
  for (const std::uint32_t number : emitted) {
    if (!has_child_[number]) {
      result.push_back(number);
    }
  }
  return result;
}

}  // namespace baselined::git
