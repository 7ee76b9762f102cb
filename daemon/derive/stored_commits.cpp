#include "daemon/derive/stored_commits.h"

namespace baselined::derive {

std::string pack_ids(std::span<const std::int64_t> ids) {
  std::string bytes;
  for (const std::int64_t id : ids) {
    auto rest = static_cast<std::uint64_t>(id);
    while (rest >= 0x80) {
      bytes.push_back(static_cast<char>((rest & 0x7f) | 0x80));
      rest >>= 7;
    }
    bytes.push_back(static_cast<char>(rest));
  }
  return bytes;
}

std::vector<std::int64_t> unpack_ids(std::string_view bytes) {
  std::vector<std::int64_t> ids;
  std::uint64_t id = 0;
  unsigned shift = 0;
  for (const char byte : bytes) {
    const auto bits = static_cast<unsigned char>(byte);
    id |= static_cast<std::uint64_t>(bits & 0x7f) << (shift & 63);
    shift += 7;
    if ((bits & 0x80) == 0) {
      ids.push_back(static_cast<std::int64_t>(id));
      id = 0;
      shift = 0;
    }
  }
  return ids;
}

Result<StoredCommits> StoredCommits::create(store::Connection& db, std::int64_t repository) {
  BL_TRY(store::Statement select,
         db.prepare("SELECT committed_at, is_bot, deployment IS NOT NULL, generation, parents,"
                    " service FROM fact_commit WHERE repository = ?1 AND commit_id = ?2"));
  BL_TRY(store::Statement deployed,
         db.prepare("SELECT 1 FROM fact_deployment WHERE repository = ?1 AND commit_id = ?2"));
  return StoredCommits(repository, std::move(select), std::move(deployed));
}

Status StoredCommits::load(CommitGraph& graph, std::uint32_t index) {
  const std::int64_t id = graph.at(index).id;
  BL_TRY(const bool row, select_.bind(1, repository_).bind(2, id).step());
  if (!row) {
    return Error(Error::Code::internal,
                 "commit " + std::to_string(id) + " is in the records but not in the facts");
  }
  const std::vector<std::int64_t> ids = unpack_ids(select_.blob(4));
  std::vector<CommitGraph::Index> parents;
  parents.reserve(ids.size());
  for (const std::int64_t parent : ids) {
    parents.push_back(parent == 0 ? CommitGraph::kNone : graph.index_of(parent));
  }
  graph.set_parents(index, parents);
  CommitGraph::Commit& commit = graph.at(index);
  commit.committed_at = select_.is_null(0) ? kNoTime : select_.integer(0);
  commit.is_bot = select_.integer(1) != 0;
  commit.shipped_by = select_.integer(2) != 0 ? kShippedBefore : CommitGraph::kNone;
  commit.generation = static_cast<std::uint32_t>(select_.integer(3));
  commit.belongs = belongs_by(select_.integer(5));
  select_.reset();
  return {};
}

Result<bool> StoredCommits::was_deployed(std::int64_t commit_id) {
  BL_TRY(const bool row, deployed_.bind(1, repository_).bind(2, commit_id).step());
  if (row) {
    deployed_.reset();
  }
  return row;
}

}  // namespace baselined::derive
