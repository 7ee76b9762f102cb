// Derives all facts of one repository from its records, in memory: about 100 bytes per commit while
// it lasts.
// Threads: the thread that owns the write connection.
// Errors: those of the store.
#pragma once

#include "daemon/derive/commit_batch.h"
#include "daemon/derive/facts.h"
#include "daemon/derive/record_reader.h"

namespace baselined::derive {

// commits: all of the repository. No facts of it may be there. Counting commits without a time
// is left to the caller, who may have to create indexes first.
Status derive_whole(Facts& facts, RecordReader& records, const Repository& repository,
                    CommitBatch commits);

}  // namespace baselined::derive
