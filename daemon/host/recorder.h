// Recorder: the end of a run that lies on the writer's thread. It turns staged frames into
// normalised records in one transaction of the sink, and reads cursors and open sets.
//
// Ownership: owns the sink and everything that the sink refers to.
// Threads: created anywhere; every call, and the destruction, on the writer's thread.
// Errors: those of sink and normaliser as they are; internal for frames that make no sense.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/host/staging.h"
#include "daemon/records/normaliser.h"
#include "daemon/records/record_sink.h"
#include "daemon/wire/messages.h"

namespace baselined::host {

// Keys of one open set are held in memory at once, so they are bounded.
constexpr std::size_t kMaxOpenSetBytes = std::size_t{64} << 20U;

class Recorder {
 public:
  // Errors that the plugin causes name it.
  Recorder(std::string plugin, std::vector<records::StreamMapping> streams,
           std::shared_ptr<records::Pseudonymiser> persons,
           std::unique_ptr<records::RecordSink> sink);

  // First.
  Status open();
  Result<std::string> cursor(std::string_view key);
  // Payloads of OpenSet frames, in order.
  Result<std::vector<std::string>> open_set(std::uint32_t stream, std::string_view scope);

  Result<records::HttpValidator> validator(std::string_view target);

  // Validators of answers since the last barrier, by what was asked.
  using Validators = std::map<std::string, records::HttpValidator>;
  // One transaction of everything staged, the validators and the cursor; staging is empty
  // afterwards. Gives up with a cancelled error soon after `is_abandoned` turns true.
  Result<records::CountsByContract> commit(Staging& staging, std::string_view key,
                                           std::string_view value, const Validators& validators,
                                           const std::atomic<bool>& is_abandoned);

 private:
  struct PendingSet {
    bool is_open = false;  // more chunks must follow
    std::uint32_t stream = 0;
    std::string scope;
    std::string bytes;               // all keys, one after the other
    std::vector<std::size_t> sizes;  // of each key
  };

  Status replay_frame(wire::FrameType type, std::string_view payload);
  Status put_rows(std::string_view payload);
  Status remove_rows(std::string_view payload);
  Status begin_scope(std::string_view payload);
  Status set_coverage(std::string_view payload);
  Status add_to_open_set(std::string_view payload);
  Status finish_open_set();
  Status check_stream(std::uint32_t stream) const;
  Error blame(Error error) const;
  Error violation(std::string_view what) const;
  template <class Message>
  Result<Message> decoded(Result<Message> message) const;

  std::string plugin_;
  std::vector<records::StreamMapping> streams_;
  std::shared_ptr<records::Pseudonymiser> persons_;
  std::vector<records::Normaliser> normalisers_;
  std::vector<records::RecordSink::Stream> handles_;
  PendingSet pending_set_;
  std::unique_ptr<records::RecordSink> sink_;  // refers to the above: destroyed first
};

}  // namespace baselined::host
