// What a collection of the command line sends its requests to: the sources themselves, the sources
// and a cassette (--record), or a cassette alone (--replay).
//
// Both freeze the clock of the run, so that a replay asks what the recording asked.
// Threads: as wire::Egress; finish() after the run.
#pragma once

#include <memory>
#include <optional>

#include "daemon/broker/recording_egress.h"
#include "daemon/broker/replay_egress.h"
#include "daemon/main/arguments.h"
#include "daemon/main/settings.h"

namespace baselined {

class Tape {
 public:
  // Errors: config, a folder or a cassette that cannot be used.
  static Result<Tape> open(const Arguments& arguments, const Settings& settings,
                           const config::Collector& collector);

  const std::shared_ptr<wire::Egress>& egress() const { return egress_; }
  // Of --record and --replay.
  std::optional<UtcTime> frozen_now() const { return frozen_now_; }

  // Completes the cassette; or says that the run did not ask for all that was recorded.
  Status finish();

 private:
  std::shared_ptr<wire::Egress> egress_;
  std::shared_ptr<broker::RecordingEgress> recording_;
  std::shared_ptr<broker::ReplayEgress> replay_;
  std::optional<UtcTime> frozen_now_;
};

}  // namespace baselined
