// The file with the master key of the pseudonyms: 32 random bytes, readable by its owner only.
//
// Losing it means that the same person gets a new pseudonym, so it is never overwritten: a file
// that cannot be used is an error for the administrator.
// Threads: pure functions; two processes that create it at once end up with the same key.
// Errors: config (wrong owner, mode or size, a directory that is missing), transient for I/O.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "daemon/base/result.h"

namespace baselined::records {

// Whether a missing file is made, or an error: nothing may have been written with a key that is
// gone.
enum class MissingKey : std::uint8_t { create, refuse };

// The bytes of the key. A created file is durable.
Result<std::string> read_key(const std::filesystem::path& file, MissingKey missing);

}  // namespace baselined::records
