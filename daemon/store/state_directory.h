// The state directory and the file in it, looked at before anything is written.
//
// Errors: config for a directory or file that cannot be used, unsupported for a newer schema, data
// for a file that is no database or is damaged. The message says what to do.
#pragma once

#include <filesystem>

#include "daemon/base/result.h"
#include "daemon/store/sqlite.h"
#include "daemon/store/store.h"

namespace baselined::store {

// Creates it (0700) where its parent exists.
Status make_state_directory(const std::filesystem::path& state_dir);

// Refuses a file that is not ours, or newer than this program, and leaves it as it is. No file, or
// an empty one, is fine.
Status check_identity(const std::filesystem::path& file);

// SQLite's quick_check, or integrity_check.
Status check_content(Connection& db, const std::filesystem::path& file, CheckDepth depth);

}  // namespace baselined::store
