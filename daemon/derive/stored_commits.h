// Commits of fact_commit as a source for walks that touch few of them.
//
// Parents are stored as record ids in variable-length integers (7 bits per byte, low bits first);
// 0 stands for a parent that was not collected.
// Threads: the thread of the connection.
// Errors: those of the store; internal where a commit that a fact names is not there.
#pragma once

#include <string>

#include "daemon/derive/commit_graph.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

// shipped_by of a commit that a stored deployment shipped.
constexpr CommitGraph::Index kShippedBefore = CommitGraph::kNone - 1;

std::string pack_ids(std::span<const std::int64_t> ids);
std::vector<std::int64_t> unpack_ids(std::string_view bytes);

class StoredCommits final : public CommitSource {
 public:
  static Result<StoredCommits> create(store::Connection& db, std::int64_t repository);

  Status load(CommitGraph& graph, std::uint32_t index) override;
  Result<bool> was_deployed(std::int64_t commit_id) override;

 private:
  StoredCommits(std::int64_t repository, store::Statement select, store::Statement deployed)
      : repository_(repository), select_(std::move(select)), deployed_(std::move(deployed)) {}

  std::int64_t repository_;
  store::Statement select_;
  store::Statement deployed_;
};

}  // namespace baselined::derive
