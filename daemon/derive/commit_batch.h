// Commit records as they come from the store, packed: ids, shas and parents side by side.
//
// build_graph() makes the whole graph of a repository of them. A commit that two collectors know is
// one commit: the record that came first counts. Threads: one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/derive/commit_graph.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

struct CommitRow {
  std::int64_t id = 0;
  std::int64_t committed_at = kNoTime;
  Oid sha{};
  std::uint32_t parents_begin = 0;
  std::uint32_t n_parents = 0;
  bool is_bot = false;
};

class CommitBatch {
 public:
  // What a SELECT must have as its first columns, in this order.
  static constexpr const char* kColumns = "id, repository, sha, parents, committed_at, is_bot";

  void add(const store::Statement& row);
  std::span<const CommitRow> rows() const { return rows_; }
  std::span<const Oid> parents_of(const CommitRow& row) const;
  // Adds every commit once, without parents.
  void build_commits(CommitGraph& graph);
  // The same with parents, not numbered. Parents that are not in the batch are appended to
  // `missing`.
  void build_graph(CommitGraph& graph, std::vector<Oid>& missing);

 private:
  class ShaTable;
  // In the order of ids; of a sha only the first.
  void sort_once(ShaTable& shas);
  void add_to(CommitGraph& graph) const;

  std::vector<CommitRow> rows_;
  std::vector<Oid> parents_;
};

}  // namespace baselined::derive
