// Look-ups in the records by their keys, for one repository at a time.
// Threads: the thread of the connection.
// Errors: those of the store.
#pragma once

#include <functional>
#include <optional>

#include "daemon/derive/commit_batch.h"
#include "daemon/derive/repository.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

struct RefRow {
  std::string name;
  Oid sha{};
  std::optional<std::int64_t> tagged_at;
};

// What a forge tells of a deployment, or of a job or run that may be one.
struct DeploymentRow {
  // "live #12": its environment and number; "deploy #7 in 5": a job by its name and number, in that
  // run; "main in 5": a run by its branch or tag; a second attempt is "main (2) in 5".
  std::string name;
  Oid sha{};
  // Its first end: success, failure or cancelled.
  std::optional<std::int64_t> ended_at;
  std::string outcome;
  bool is_guess = false;

  bool is_success() const { return ended_at && outcome == "success"; }
};

// The name of a job or run as an expression over a row of ci_job_1 or ci_run_1, called r.
constexpr std::string_view kJobName =
    "(SELECT value FROM text WHERE id = r.name) || ' #' || r.job ||"
    " CASE WHEN r.attempt > 1 THEN ' (' || r.attempt || ')' ELSE '' END || ' in ' || r.run";
constexpr std::string_view kRunName =
    "coalesce((SELECT value FROM text WHERE id = r.branch), 'no branch') ||"
    " CASE WHEN r.attempt > 1 THEN ' (' || r.attempt || ')' ELSE '' END || ' in ' || r.run";

class RecordReader {
 public:
  static Result<RecordReader> create(store::Connection& db);

  // The commit with this sha, by whichever collector came first; 0 where there is none.
  Result<std::int64_t> find_commit(const Repository& repository, const Oid& sha);
  Result<std::int64_t> find_commit(const Source& source, const Oid& sha);
  // Calls `take` for every row of the repository's commits; its columns are CommitBatch::kColumns.
  Status for_each_commit(const Repository& repository,
                         const std::function<void(const store::Statement&)>& take);
  // Tags of the repository's sources, the complete ones or all; of one name, or all of them.
  Result<std::vector<RefRow>> tags(const Repository& repository, bool only_complete,
                                   const std::optional<std::string>& name);
  // Where each source has this branch; a remote-tracking branch of that name where it has none.
  Result<std::vector<Oid>> tips(const Repository& repository, bool only_complete,
                                const std::string& branch);
  // Those that the rule counts, of the repository's forges, the complete ones or all; of one name,
  // or all of them. Origin: one of kForgeOrigins.
  Result<std::vector<DeploymentRow>> deployments(const Repository& repository, Origin origin,
                                                 bool only_complete,
                                                 const std::optional<std::string>& name);
  // Whether the commit touched paths of the service; a merge against its first parent.
  Result<Belongs> belongs(const Repository& repository, const Oid& sha);
  // Whether this record is the only one of its commit by a collector that tells of paths.
  Result<bool> tells_paths_first(const Repository& repository, const CommitRow& row);
  // For a record's id.
  Result<bool> is_merge(std::int64_t commit_id);
  // When the commit was made, for a record's id.
  Result<std::optional<std::int64_t>> committed_at(std::int64_t commit_id);

 private:
  struct Statements;
  explicit RecordReader(std::shared_ptr<Statements> statements);
  static Status append_deployments(store::Statement& select, const ServiceRule& rule, Origin origin,
                                   std::vector<DeploymentRow>& rows);
  Status append_tip(const Source& source, const std::string& branch, std::vector<Oid>& tips,
                    bool& found);

  std::shared_ptr<Statements> statements_;
};

// Of a commit that is counted. What a merge brings in belongs to those who made it.
Result<Belongs> belongs(RecordReader& records, const Repository& repository, const CommitRow& row);

}  // namespace baselined::derive
