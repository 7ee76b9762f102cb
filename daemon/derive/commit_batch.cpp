#include "daemon/derive/commit_batch.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace baselined::derive {

// From sha to index in the graph: open addressing over 32-bit slots. Object ids are random enough
// to be their own hash.
class CommitBatch::ShaTable {
 public:
  explicit ShaTable(std::size_t commits)
      : slots_(std::bit_ceil(commits * 2 + 1), CommitGraph::kNone), mask_(slots_.size() - 1) {
    shas_.reserve(commits);
  }

  // False: it is there already.
  bool insert(const Oid& sha) {
    std::uint32_t& slot = slots_[find_slot(sha)];
    if (slot != CommitGraph::kNone) {
      return false;
    }
    slot = static_cast<std::uint32_t>(shas_.size());
    shas_.push_back(sha);
    return true;
  }

  CommitGraph::Index find(const Oid& sha) const { return slots_[find_slot(sha)]; }

 private:
  std::size_t find_slot(const Oid& sha) const {
    std::uint64_t hash = 0;
    std::memcpy(&hash, sha.data(), sizeof(hash));
    std::size_t slot = hash & mask_;
    while (slots_[slot] != CommitGraph::kNone && shas_[slots_[slot]] != sha) {
      slot = (slot + 1) & mask_;
    }
    return slot;
  }

  std::vector<std::uint32_t> slots_;
  std::size_t mask_;
  std::vector<Oid> shas_;
};

void CommitBatch::add(const store::Statement& row) {
  CommitRow& commit = rows_.emplace_back();
  commit.id = row.integer(0);
  commit.sha = oid_of(row.blob(2));
  commit.committed_at = row.is_null(4) ? kNoTime : row.integer(4);
  commit.is_bot = row.integer(5) != 0;
  commit.parents_begin = static_cast<std::uint32_t>(parents_.size());
  const std::string_view parents = row.blob(3);
  for (std::size_t at = 0; at + std::tuple_size_v<Oid> <= parents.size();
       at += std::tuple_size_v<Oid>) {
    parents_.push_back(oid_of(parents.substr(at, std::tuple_size_v<Oid>)));
  }
  commit.n_parents = static_cast<std::uint32_t>(parents_.size()) - commit.parents_begin;
}

std::span<const Oid> CommitBatch::parents_of(const CommitRow& row) const {
  return std::span<const Oid>(parents_).subspan(row.parents_begin, row.n_parents);
}

void CommitBatch::sort_once(ShaTable& shas) {
  const auto by_id = [](const CommitRow& a, const CommitRow& b) { return a.id < b.id; };
  if (!std::is_sorted(rows_.begin(), rows_.end(), by_id)) {
    std::sort(rows_.begin(), rows_.end(), by_id);
  }
  const auto is_known = [&](const CommitRow& row) { return !shas.insert(row.sha); };
  rows_.erase(std::remove_if(rows_.begin(), rows_.end(), is_known), rows_.end());
}

void CommitBatch::add_to(CommitGraph& graph) const {
  graph.reserve(rows_.size());
  for (const CommitRow& row : rows_) {
    CommitGraph::Commit& commit = graph.at(graph.add(row.id));
    commit.committed_at = row.committed_at;
    commit.is_bot = row.is_bot;
  }
}

void CommitBatch::build_commits(CommitGraph& graph) {
  ShaTable shas(rows_.size());
  sort_once(shas);
  add_to(graph);
}

void CommitBatch::build_graph(CommitGraph& graph, std::vector<Oid>& missing) {
  ShaTable shas(rows_.size());
  sort_once(shas);
  add_to(graph);
  std::vector<CommitGraph::Index> parents;
  for (CommitGraph::Index index = 0; index < rows_.size(); ++index) {
    parents.clear();
    for (const Oid& sha : parents_of(rows_[index])) {
      parents.push_back(shas.find(sha));
      if (parents.back() == CommitGraph::kNone) {
        missing.push_back(sha);
      }
    }
    graph.set_parents(index, parents);
  }
}

}  // namespace baselined::derive
