#include "lines.h"

#include "text.h"

namespace baselined::git {
namespace {

constexpr git_off_t kLargestText = git_off_t{16} << 20U;

}  // namespace

std::optional<LineCounts> LineCounter::between(const git_oid* before, const git_oid* after) {
  try {
    return count(before, after);
  } catch (const GitError& error) {
    damage_.note(error.what());
    return std::nullopt;
  }
}

LineCounts LineCounter::count(const git_oid* before, const git_oid* after) const {
  const TreeHandle old_tree = tree(before);
  const TreeHandle new_tree = tree(after);
  git_diff_options options;
  check(git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION), "lines cannot be counted");
  options.context_lines = 0;
  options.max_size = kLargestText;
  git_diff* diff = nullptr;
  check(
      git_diff_tree_to_tree(&diff, repository_.handle(), old_tree.get(), new_tree.get(), &options),
      "lines cannot be counted");
  const DiffHandle owned_diff(diff);
  git_diff_stats* stats = nullptr;
  check(git_diff_get_stats(&stats, diff), "lines cannot be counted");
  const StatsHandle owned_stats(stats);
  return {.files = static_cast<std::int64_t>(git_diff_stats_files_changed(stats)),
          .additions = static_cast<std::int64_t>(git_diff_stats_insertions(stats)),
          .deletions = static_cast<std::int64_t>(git_diff_stats_deletions(stats))};
}

TreeHandle LineCounter::tree(const git_oid* id) const {
  if (id == nullptr) {
    return nullptr;
  }
  git_tree* tree = nullptr;
  check(git_tree_lookup(&tree, repository_.handle(), id),
        "tree " + to_hex(*id) + " cannot be read");
  return TreeHandle(tree);
}

}  // namespace baselined::git
