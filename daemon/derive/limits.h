// When an increment costs more than deriving from scratch. Tests lower them to reach every path.
// Threads: values.
#pragma once

#include <cstdint>

#include "daemon/derive/derive.h"

namespace baselined::derive {

struct Limits {
  // More new commits than this, and than there were: derive everything from scratch.
  std::int64_t rebuild_commits = 20'000;
  // More commits than this to walk or to take back: derive the repository whole.
  std::int64_t walk_commits = 50'000;
  // More changed deployments of a forge than this: derive the repository whole.
  std::int64_t followed_deployments = 200;
  // More commits than this in the store: read one repository after the other, not all in one scan.
  std::int64_t scan_commits = 4'000'000;
};

Result<Touched> update_within(store::Connection& db, const Mapping& mapping, const Limits& limits);

}  // namespace baselined::derive
