// The regular slots of a collector: one per interval, at an offset that its name decides.
//
// The grid hangs on the steady clock's own zero (the boot), so that a restart of the daemon keeps
// the slots, collectors with one interval do not all run at once, and no change of the wall clock
// matters.
// Threads: a plain value.
#pragma once

#include <cstdint>
#include <string_view>

#include "daemon/base/time.h"

namespace baselined::schedule {

class Slots {
 public:
  // `every` is taken as at least 1 s and at most 366 days.
  Slots(std::string_view name, Microseconds every);

  Microseconds every() const { return every_; }
  Microseconds offset() const { return offset_; }

  // The first slot later than `time`.
  SteadyTime after(SteadyTime time) const;
  // How many slots lie in (from, to]; 0 where `to` is not later.
  std::uint64_t between(SteadyTime from, SteadyTime to) const;

 private:
  std::int64_t index_at(SteadyTime time) const;  // of the last slot at or before `time`

  Microseconds every_;
  Microseconds offset_;
};

}  // namespace baselined::schedule
