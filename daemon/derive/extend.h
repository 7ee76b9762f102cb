// Extends the facts of one repository by what changed: appends commits, follows refs, and derives
// deployments again from the earliest one that the change touches. The cost follows the change.
// Threads: the thread that owns the write connection.
// Errors: those of the store.
#pragma once

#include "daemon/derive/changes.h"
#include "daemon/derive/facts.h"
#include "daemon/derive/limits.h"
#include "daemon/derive/record_reader.h"
#include "daemon/derive/stale.h"

namespace baselined::derive {

struct Extension {
  // The change goes too deep: a commit changed or was removed, a missing parent arrived, the first
  // deployment is touched, or too much would have to be walked. Facts of the repository are then
  // half done: erase them and derive it whole.
  bool must_start_over = false;
  bool has_changed = false;
  std::int64_t redeployed_from = Stale::kNothing;  // deployments since then are derived again
};

Result<Extension> extend(store::Connection& db, Facts& facts, RecordReader& records,
                         const Repository& repository, const RepositoryChanges& changes,
                         const Limits& limits);

}  // namespace baselined::derive
