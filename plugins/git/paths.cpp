#include "paths.h"

#include <algorithm>
#include <cstring>

#include "text.h"
#include "tree_entries.h"

namespace baselined::git {
namespace {

constexpr std::size_t kKeptBytes = std::size_t{32} << 20U;

std::size_t size_of(const ObjectHandle& object) { return git_odb_object_size(object.get()); }

ObjectHandle share(const ObjectHandle& object) {
  git_odb_object* copy = nullptr;
  check(git_odb_object_dup(&copy, object.get()), "a tree cannot be shared");
  return ObjectHandle(copy);
}

}  // namespace

std::size_t TouchedPaths::Hash::operator()(const git_oid& id) const {
  std::size_t hash = 0;
  std::memcpy(&hash, id.id, sizeof hash);
  return hash;
}

const std::vector<std::string>& TouchedPaths::between(const git_oid* before, const git_oid* after) {
  found_.clear();
  compare(before, after, "", 1);
  std::sort(found_.begin(), found_.end());
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  return found_;
}

// Walks both trees side by side; level counts the components of the names in them.
void TouchedPaths::compare(const git_oid* before, const git_oid* after, const std::string& prefix,
                           int level) {
  if (before != nullptr && after != nullptr && git_oid_equal(before, after) != 0) {
    return;
  }
  const ObjectHandle old_tree = before == nullptr ? nullptr : tree(*before);
  const ObjectHandle new_tree = after == nullptr ? nullptr : tree(*after);
  if ((before != nullptr && old_tree == nullptr) || (after != nullptr && new_tree == nullptr)) {
    return;
  }
  const auto entries = [](const ObjectHandle& object) {
    return TreeEntries(object == nullptr ? std::string_view() : bytes_of(object));
  };
  const auto below = [](const TreeEntries& entry) {
    return entry.is_tree() ? &entry.id() : nullptr;
  };
  TreeEntries left = entries(old_tree);
  TreeEntries right = entries(new_tree);
  TreeEntries::skip_common(left, right);
  while (left.has_entry() || right.has_entry()) {
    const int order = !left.has_entry()    ? 1
                      : !right.has_entry() ? -1
                                           : compare_entries(left, right);
    if (order < 0) {
      differs(left.name(), below(left), nullptr, prefix, level);
    } else if (order > 0) {
      differs(right.name(), nullptr, below(right), prefix, level);
    } else if (is_changed(left, right)) {
      differs(right.name(), below(left), below(right), prefix, level);
    }
    if (order <= 0) {
      left.next();
    }
    if (order >= 0) {
      right.next();
    }
    TreeEntries::skip_common(left, right);
  }
  if (left.is_broken() || right.is_broken()) {
    damage_.note("tree " + to_hex(left.is_broken() ? *before : *after) + ": it is malformed");
  }
}

// before and after are set where the entry is a tree.
void TouchedPaths::differs(std::string_view name, const git_oid* before, const git_oid* after,
                           const std::string& prefix, int level) {
  std::string path = prefix + make_utf8(name);
  if (level == depth_ || (before == nullptr && after == nullptr)) {
    found_.push_back(std::move(path));
  } else {
    compare(before, after, path + "/", level + 1);
  }
}

ObjectHandle TouchedPaths::tree(const git_oid& id) {
  if (const auto known = index_.find(id); known != index_.end()) {
    kept_.splice(kept_.begin(), kept_, known->second);
    return share(known->second->object);
  }
  std::string problem = "it is missing";
  try {
    ObjectHandle object = repository_.read(id);
    if (object != nullptr && git_odb_object_type(object.get()) == GIT_OBJECT_TREE) {
      keep(id, object);
      return object;
    }
    problem = object == nullptr ? problem : "it is no tree";
  } catch (const GitError& error) {
    problem = error.what();
  }
  damage_.note("tree " + to_hex(id) + ": " + problem);
  return nullptr;
}

void TouchedPaths::keep(const git_oid& id, const ObjectHandle& object) {
  kept_.push_front({id, share(object)});
  index_.emplace(id, kept_.begin());
  kept_bytes_ += size_of(object);
  while (kept_bytes_ > kKeptBytes && kept_.size() > 1) {
    kept_bytes_ -= size_of(kept_.back().object);
    index_.erase(kept_.back().id);
    kept_.pop_back();
  }
}

}  // namespace baselined::git
