// Look-ups in the records by their keys, for one repository at a time.
// Threads: the thread of the connection.
// Errors: those of the store.
#pragma once

#include <functional>
#include <optional>

#include "daemon/derive/repository.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

struct RefRow {
  std::string name;
  Oid sha{};
  std::optional<std::int64_t> tagged_at;
};

// What a forge tells of a deployment.
struct DeploymentRow {
  std::string name;  // "live #12": its environment and number
  std::string environment;
  std::string environment_class;  // what the forge takes it for; empty: not said
  Oid sha{};
  // Its first end, where that was a success.
  std::optional<std::int64_t> succeeded_at;
  bool is_guess = false;
};

class RecordReader {
 public:
  static Result<RecordReader> create(store::Connection& db);

  // The commit with this sha, by whichever collector came first; 0 where there is none.
  Result<std::int64_t> find_commit(const Repository& repository, const Oid& sha);
  // Calls `take` for every row of the repository's commits; its columns are CommitBatch::kColumns.
  Status for_each_commit(const Repository& repository,
                         const std::function<void(const store::Statement&)>& take);
  // Tags of the repository's sources, the complete ones or all; of one name, or all of them.
  Result<std::vector<RefRow>> tags(const Repository& repository, bool only_complete,
                                   const std::optional<std::string>& name);
  // Where each source has this branch; a remote-tracking branch of that name where it has none.
  Result<std::vector<Oid>> tips(const Repository& repository, bool only_complete,
                                const std::string& branch);
  // Of the repository's forges, the complete ones or all; of one name, or all of them.
  Result<std::vector<DeploymentRow>> deployments(const Repository& repository, bool only_complete,
                                                 const std::optional<std::string>& name);
  // When the commit was made, for a record's id.
  Result<std::optional<std::int64_t>> committed_at(std::int64_t commit_id);

 private:
  struct Statements;
  explicit RecordReader(std::shared_ptr<Statements> statements);
  static Status append_deployments(store::Statement& select, std::vector<DeploymentRow>& rows);
  Status append_tip(const Source& source, const std::string& branch, std::vector<Oid>& tips,
                    bool& found);

  std::shared_ptr<Statements> statements_;
};

}  // namespace baselined::derive
