// Scheduler: when to run which collector. It decides; others run.
//
// Pure: time is a parameter and chance is a function, so it has no clock, no thread and no timer.
// It counts in steady time only: jumps of the wall clock cannot move a run (promise P13).
//
// A collector has a regular slot per interval (slots.h). A new collector runs first, soon: the
// n-th of them 10 s x n after the start, or at its slot where that is earlier. After a run:
//   - ok and cancelled wait for the next slot that is at least half an interval after the start of
//     the run, so that an extra run is not followed by a regular one at once;
//   - failures wait as delays.h says; config, auth and unsupported park the collector, and so do
//     five internal failures in an hour (probed every hour until a run is ok) and a full disk
//     (looked at every few seconds);
//   - slots that passed while the run was alive are counted as skipped and not made up for.
// A run that began under an older configuration cannot park its collector: it runs again at once.
// A process that stood still finds each collector due once, whatever the number of slots missed.
// Ownership: plain value semantics apart from `random`. Threads: one at a time (the control
// thread). Errors: none; a name that is not scheduled is ignored, two runs of one collector are a
// broken invariant and abort.
//
//   for (const std::string& name : scheduler.due(now)) { scheduler.started(name, now); ... }
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/schedule/slots.h"

namespace baselined::schedule {

struct ScheduledCollector {
  std::string name;
  Microseconds every = std::chrono::minutes(15);
};

struct CollectorState {
  bool is_running = false;
  std::optional<SteadyTime> next_run;      // nothing while running, and while parked by config
  std::optional<Error::Code> parked;       // why, while parked
  std::uint32_t consecutive_failures = 0;  // runs since the last one that was ok
  std::uint64_t skipped = 0;               // slots that found the previous run alive
};

class Scheduler {
 public:
  using Random = std::function<double()>;  // in [0, 1)

  Scheduler(const std::vector<ScheduledCollector>& collectors, SteadyTime now, Random random);

  // A new configuration: collectors that are gone are forgotten (once their run ended), new and
  // parked ones run soon, the others keep their state.
  void configure(const std::vector<ScheduledCollector>& collectors, SteadyTime now);

  // When due() will next name a collector; nothing while all run or are parked for good.
  std::optional<SteadyTime> next_wakeup() const;
  // Those to start now, longest due first. Named again until started() is called.
  std::vector<std::string> due(SteadyTime now);

  void started(const std::string& name, SteadyTime now);
  // No outcome: ok. retry_after is that of a rate-limited source; 0 where unknown.
  void finished(const std::string& name, SteadyTime now, std::optional<Error::Code> outcome,
                Microseconds retry_after = Microseconds(0));
  // Instead of finished(): nothing could be stored, whatever the source says. The next run finds
  // out whether something can be before it asks the source, so that it may begin soon.
  void refused(const std::string& name, SteadyTime now, Error::Code why);

  // Due at once, parked or not. False for an unknown name and while a run is alive.
  bool request_now(const std::string& name, SteadyTime now);

  std::optional<CollectorState> state(const std::string& name) const;

 private:
  struct Entry {
    explicit Entry(Slots regular) : slots(regular) {}

    Slots slots;
    CollectorState state;
    std::uint32_t backoffs = 0;  // failures that back off, since the last run that was ok
    std::vector<SteadyTime> internal_failures;  // of the last hour
    bool was_parked_for_crashes = false;        // when a refusal took its place
    SteadyTime started;
    SteadyTime skips_counted_to;
    bool is_removed = false;       // forgotten when its run ends
    bool is_reconfigured = false;  // the run that is alive has an old configuration
  };

  void count_skips(Entry& entry, SteadyTime now);
  void wait_for_slot(Entry& entry, SteadyTime earliest);
  // The run is over. Nothing where its collector is gone.
  Entry* end_run(const std::string& name, SteadyTime now);
  void wait_after_failure(Entry& entry, SteadyTime now, Error::Code code, Microseconds retry_after);
  void note_internal_failure(Entry& entry, SteadyTime now);

  Random random_;
  std::map<std::string, Entry> entries_;
};

}  // namespace baselined::schedule
