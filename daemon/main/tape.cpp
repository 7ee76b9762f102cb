#include "daemon/main/tape.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/main/open_broker.h"

namespace baselined {
namespace {

std::string base_url_of(const Settings& settings, const std::string& connection) {
  const auto& connections = settings.configuration.connections;
  const auto found =
      std::find_if(connections.begin(), connections.end(),
                   [&](const config::Connection& known) { return known.name == connection; });
  return found == connections.end() ? std::string() : found->base_url;
}

}  // namespace

Result<Tape> Tape::open(const Arguments& arguments, const Settings& settings,
                        const config::Collector& collector) {
  Tape tape;
  if (arguments.replay) {
    BL_TRY(tape.replay_, broker::ReplayEgress::create(*arguments.replay,
                                                      base_url_of(settings, collector.connection)));
    tape.frozen_now_ = tape.replay_->recorded_at();
    tape.egress_ = tape.replay_;
    return tape;
  }
  const auto broker = open_broker(settings);
  tape.egress_ = broker;
  if (arguments.record) {
    broker::RecordingSettings recording;
    recording.folder = *arguments.record;
    recording.recorded_at = SystemClock().now();
    recording.redact = [redactor = broker->redactor()](std::string_view text) {
      return redactor->redact(text);
    };
    recording.base_url = base_url_of(settings, collector.connection);
    tape.frozen_now_ = recording.recorded_at;
    BL_TRY(tape.recording_, broker::RecordingEgress::create(broker, std::move(recording)));
    tape.egress_ = tape.recording_;
  }
  return tape;
}

Status Tape::finish() {
  if (recording_) {
    return recording_->finish();
  }
  if (!replay_ || !replay_->mismatch().empty()) {
    return {};  // a mismatch has failed the run already
  }
  const std::vector<std::string> unused = replay_->unused();
  if (unused.empty()) {
    return {};
  }
  return Error(Error::Code::data,
               fmt::format("replay: {} of the recorded exchanges {} not asked for: {}{}",
                           unused.size(), unused.size() == 1 ? "was" : "were", unused.front(),
                           unused.size() == 1 ? "" : ", ..."));
}

}  // namespace baselined
