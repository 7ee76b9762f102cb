// The address of a Unix-domain socket, checked.
//
// Threads: pure function.
#pragma once

#include <sys/un.h>

#include <filesystem>

#include "daemon/base/result.h"

namespace baselined::control {

// Config error for a path of more than 107 bytes: the kernel's limit.
Result<sockaddr_un> socket_address(const std::filesystem::path& path);

}  // namespace baselined::control
