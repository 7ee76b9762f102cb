// RecordingEgress: an Egress that passes everything on to another one and keeps each exchange in a
// cassette, for `collect NAME --record DIR`.
//
// It stands above what adds the credential, so it never sees one. The run gets the answers as they
// came; the cassette gets what cassette::kept keeps of them, redacted.
// Ownership: shares the inner Egress; must outlive its outlets, as the inner one must.
// Threads: as wire::Egress; files are written by the thread that answers. finish() after the run.
// Errors: an exchange that cannot be recorded is answered "transient", and all that follow.
//
//   BL_TRY(auto recording, RecordingEgress::create(broker, {dir, now, redact, base_url}));
//   ... run the collector with it ...
//   BL_CHECK(recording->finish());
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "daemon/broker/cassette_redaction.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

struct RecordingSettings {
  std::filesystem::path folder;  // made here, or empty
  UtcTime recorded_at;           // the run's frozen now, for the replay
  Redact redact;                 // replaces secrets; empty: nothing
  std::string base_url;          // of the connection: its host is hidden; empty: hosts are kept
};

class RecordingEgress final : public wire::Egress {
 public:
  static Result<std::shared_ptr<RecordingEgress>> create(std::shared_ptr<wire::Egress> inner,
                                                         RecordingSettings settings);

  Result<std::unique_ptr<wire::Outlet>> open(wire::OutletRequest request) override;

  // Marks the cassette as complete. An error where it is not: something could not be written, or
  // the run was cancelled or ended while a request was under way.
  Status finish();

 private:
  class Tape;
  class RecordingOutlet;

  RecordingEgress(std::shared_ptr<wire::Egress> inner, std::shared_ptr<Tape> tape)
      : inner_(std::move(inner)), tape_(std::move(tape)) {}

  std::shared_ptr<wire::Egress> inner_;
  std::shared_ptr<Tape> tape_;
};

}  // namespace baselined::broker
