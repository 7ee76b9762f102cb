// Ends a benchmark that cannot go on: what it would print would be wrong.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>

#include "daemon/base/result.h"

namespace baselined {

[[noreturn]] inline void give_up(const Error& error) {
  fmt::print(stderr, "{}: {}\n", program_invocation_short_name, error.message());
  std::exit(1);
}

inline void must(const Status& status) {
  if (!status) {
    give_up(status.error());
  }
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    give_up(result.error());
  }
  return *std::move(result);
}

}  // namespace baselined
