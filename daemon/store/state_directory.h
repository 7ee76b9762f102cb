// The state directory and the file in it, looked at before anything is written.
//
// Errors: config for a directory or file that cannot be used, unsupported for a newer schema, data
// for a file that is no database or is damaged. The message says what to do.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/store/sqlite.h"

namespace baselined::store {

// Is there one?
Result<bool> find_state_directory(const std::filesystem::path& state_dir);

// Creates it (0700) where its parent exists.
Status make_state_directory(const std::filesystem::path& state_dir);

// Is there a database? False where none was written yet: no file, or an empty one. Refuses a file
// that is not ours, newer than this program, damaged, emptied or removed after it was used, or
// beside the log of another one, and leaves it as it is. `writer`: another process that writes.
Result<bool> find_database(const std::filesystem::path& file,
                           const std::optional<std::string>& writer);

// Is there a log whose database is missing, was emptied, or is another one? Why; none where all is
// well.
std::optional<std::string> find_lost_log(const std::filesystem::path& file);

// SQLite's quick_check.
Status check_pages(Connection& db, const std::filesystem::path& file);

}  // namespace baselined::store
