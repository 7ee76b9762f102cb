// The file with the master key of the pseudonyms: 32 random bytes, readable by its owner only.
//
// Losing it means that the same person gets a new pseudonym, so it is never overwritten: a file
// that cannot be used is an error for the administrator.
// Threads: pure functions; two processes that create it at once end up with the same key.
// Errors: config (wrong owner, mode or size, a directory that is missing), transient for I/O.
#pragma once

#include <filesystem>
#include <string>

#include "daemon/base/result.h"

namespace baselined::records {

// The bytes of the key. Creates the file, durably, where there is none.
Result<std::string> read_or_create_key(const std::filesystem::path& file);

}  // namespace baselined::records
