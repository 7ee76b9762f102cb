// The entries of a tree object, read one after the other from its raw bytes, in git's order.
//
//   for (TreeEntries entries(bytes); entries.has_entry(); entries.next()) { use(entries.name()); }
//
// Everything is a view into the bytes. A malformed entry ends the walk with is_broken().
#pragma once

#include <git2.h>

#include <string_view>

namespace baselined::git {

class TreeEntries {
 public:
  explicit TreeEntries(std::string_view bytes) : rest_(bytes) { next(); }

  bool has_entry() const { return id_ != nullptr; }
  bool is_broken() const { return is_broken_; }
  void next();

  std::string_view mode() const { return mode_; }
  std::string_view name() const { return name_; }
  bool is_tree() const { return mode_ == "40000" || mode_ == "040000"; }
  const git_oid& id() const { return *id_; }

  // Skips the entries that both trees have, byte for byte, from here on. Two versions of a tree
  // differ in few of their entries, and this is a memory comparison.
  static void skip_common(TreeEntries& left, TreeEntries& right);

 private:
  std::string_view from_here() const;
  void restart(std::string_view rest);

  std::string_view rest_;
  std::string_view mode_;
  std::string_view name_;
  const git_oid* id_ = nullptr;
  bool is_broken_ = false;
};

// Negative, zero or positive as left sorts before, with or after right. A tree sorts as if its name
// ended in a slash, so a file and a directory of one name are two entries.
int compare_entries(const TreeEntries& left, const TreeEntries& right);

// Do two entries of one name hold different content?
bool is_changed(const TreeEntries& before, const TreeEntries& after);

}  // namespace baselined::git
