// Stale: by service, the time from which its failures and rework are derived again, because a
// deployment, change or incident of then or later came, went or changed. kNothing: only what is
// linked is, which may name anything.
// Threads: a value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>

namespace baselined::derive {

class Stale {
 public:
  static constexpr std::int64_t kEverything = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kNothing = std::numeric_limits<std::int64_t>::max();

  void add(std::int64_t service, std::int64_t from) {
    std::int64_t& known = from_.emplace(service, from).first->second;
    known = std::min(known, from);
  }

  const std::map<std::int64_t, std::int64_t>& services() const { return from_; }

 private:
  std::map<std::int64_t, std::int64_t> from_;
};

}  // namespace baselined::derive
