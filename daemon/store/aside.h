// What a daemon moves out of its way so that it can start, to names of their own beside it:
//   <file>.damaged-<time>   a damaged database and what belongs to it (-wal, -shm)
//   <file>.lost-<time>-wal  a log whose database is missing, was emptied, or is another one
//
// Nothing removes them but their owner. Three of each are kept; where there are, it refuses,
// because then something else is wrong.
// Threads: any, one at a time.
// Errors: data where three are kept already, transient where it cannot be done.
#pragma once

#include <filesystem>
#include <vector>

#include "daemon/base/result.h"

namespace baselined::store {

// Where the database is now.
Result<std::filesystem::path> move_damaged_aside(const std::filesystem::path& file);
// Where the log is now.
Result<std::filesystem::path> move_log_aside(const std::filesystem::path& file);

struct KeptAside {
  std::vector<std::filesystem::path> damaged;  // without their logs
  std::vector<std::filesystem::path> logs;
};
KeptAside find_aside(const std::filesystem::path& file);

}  // namespace baselined::store
