#include "tree_entries.h"

#include <algorithm>
#include <cstring>

namespace baselined::git {

static_assert(sizeof(git_oid) == GIT_OID_RAWSZ && alignof(git_oid) == 1,
              "an id in a tree's bytes is read in place");
namespace {

// How many leading bytes are the same.
std::size_t common_bytes(std::string_view left, std::string_view right) {
  constexpr std::size_t kBlock = 256;
  const std::size_t size = std::min(left.size(), right.size());
  std::size_t at = 0;
  while (at + kBlock <= size && std::memcmp(left.data() + at, right.data() + at, kBlock) == 0) {
    at += kBlock;
  }
  while (at < size && left[at] == right[at]) {
    ++at;
  }
  return at;
}

// Where the entry that starts at begin ends; beyond every size when it does not.
std::size_t entry_end(std::string_view bytes, std::size_t begin) {
  const std::size_t name_end = begin < bytes.size() ? bytes.find('\0', begin) : begin;
  if (name_end >= bytes.size() || bytes.size() - name_end - 1 < GIT_OID_RAWSZ) {
    return std::string_view::npos;
  }
  return name_end + 1 + GIT_OID_RAWSZ;
}

}  // namespace

void TreeEntries::next() {
  id_ = nullptr;
  if (rest_.empty()) {
    return;
  }
  const std::size_t space = rest_.find(' ');
  const std::size_t end = rest_.find('\0', space == std::string_view::npos ? 0 : space);
  if (space == std::string_view::npos || end == std::string_view::npos ||
      rest_.size() - end - 1 < GIT_OID_RAWSZ) {
    is_broken_ = true;
    return;
  }
  mode_ = rest_.substr(0, space);
  name_ = rest_.substr(space + 1, end - space - 1);
  id_ = reinterpret_cast<const git_oid*>(rest_.data() + end + 1);
  rest_.remove_prefix(end + 1 + GIT_OID_RAWSZ);
}

std::string_view TreeEntries::from_here() const {
  const auto end = static_cast<std::size_t>(rest_.data() - mode_.data()) + rest_.size();
  return {mode_.data(), end};
}

void TreeEntries::restart(std::string_view rest) {
  rest_ = rest;
  next();
}

void TreeEntries::skip_common(TreeEntries& left, TreeEntries& right) {
  if (!left.has_entry() || !right.has_entry()) {
    return;
  }
  const std::string_view old_bytes = left.from_here();
  const std::string_view new_bytes = right.from_here();
  const std::size_t same = common_bytes(old_bytes, new_bytes);
  // Names may hold what looks like an entry and ids any byte, so boundaries are found forwards.
  std::size_t at = 0;
  for (std::size_t end = entry_end(old_bytes, 0); end <= same; end = entry_end(old_bytes, at)) {
    at = end;
  }
  if (at > 0) {
    left.restart(old_bytes.substr(at));
    right.restart(new_bytes.substr(at));
  }
}

int compare_entries(const TreeEntries& left, const TreeEntries& right) {
  const std::string_view first = left.name();
  const std::string_view second = right.name();
  const std::size_t common = std::min(first.size(), second.size());
  const int order = std::memcmp(first.data(), second.data(), common);
  if (order != 0) {
    return order;
  }
  const auto after = [common](const TreeEntries& entry) -> int {
    if (entry.name().size() > common) {
      return static_cast<unsigned char>(entry.name()[common]);
    }
    return entry.is_tree() ? '/' : 0;
  };
  const int difference = after(left) - after(right);
  // "a/" as a tree and "a/b" cannot meet: a name holds no slash. Equal here is the same name.
  return difference != 0 ? difference
                         : static_cast<int>(first.size()) - static_cast<int>(second.size());
}

bool is_changed(const TreeEntries& before, const TreeEntries& after) {
  return git_oid_equal(&before.id(), &after.id()) == 0 ||
         (!after.is_tree() && before.mode() != after.mode());
}

}  // namespace baselined::git
