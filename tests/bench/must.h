// Ends a benchmark that cannot go on: what it would print would be wrong.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>

#include "daemon/base/result.h"

namespace baselined {

inline void must(const Status& status) {
  if (!status) {
    fmt::print(stderr, "{}: {}\n", program_invocation_short_name, status.error().message());
    std::exit(1);
  }
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    must(Status(std::move(result).error()));
  }
  return *std::move(result);
}

}  // namespace baselined
