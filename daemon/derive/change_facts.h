// Facts of changes: of every merge request or pull request of a repository when it began, was
// reviewed and merged, and which commit of the base branch it became. What was shipped, and when,
// follows from that commit: the view fact_shipped_change.
//
// A change began when it was opened, or with the first of its commits where that is older. Where
// several collectors tell of one change, the record that came last counts. Threads: the thread that
// owns the write connection. Errors: those of the store.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/derive/changes.h"
#include "daemon/derive/record_reader.h"
#include "daemon/derive/repository.h"
#include "daemon/derive/stale.h"

namespace baselined::derive {

class ChangeFacts {
 public:
  explicit ChangeFacts(store::Connection& db);

  // All changes of the repository, as the records are now.
  Status derive(const Repository& repository, RecordReader& records);
  // Those that are new or changed, and those whose commit came. Failures are stale from where one
  // of them was shipped, or is.
  Status follow(const Repository& repository, RecordReader& records,
                const RepositoryChanges& changes, Stale& stale);

 private:
  struct Statements;
  struct Found;
  // Prepared when first used: before that there may be no tables.
  Result<Statements*> statements();
  // From where it was shipped, if it is.
  Status add_stale(const Repository& repository, const std::string& number, Stale& stale);
  // Of the changes that wait for their commit and that `select` gives: those whose commit is there.
  static Status find_commits(store::Statement& select, const Repository& repository,
                             RecordReader& records, std::vector<Found>& found);
  Status settle(const Repository& repository, RecordReader& records,
                const std::vector<Found>& found, Stale& stale);
  Result<Belongs> belongs(const Repository& repository, RecordReader& records, const Found& change);
  // Changes of which nobody knows whether they belong to the service.
  Status count_unknown(const Repository& repository);
  // Which are hotfixes, and which name a service: of one number, or of all.
  Status read_labels(const Repository& repository, const std::optional<std::string>& number);

  store::Connection& db_;
  std::shared_ptr<Statements> statements_;
};

}  // namespace baselined::derive
