// The store's RecordSink: each barrier is one transaction of the write connection.
//
// Ownership: the Store that made it, the clock and the mappings must outlive it. Destroyed within a
// barrier it rolls back.
// Threads: the thread of the write connection. Barriers of several sinks follow each other; a
// begin() while another transaction is open is an error.
// Errors: those of SQLite. After one, only rollback() is accepted: nothing of the barrier is kept.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/records/record_sink.h"
#include "daemon/store/collector_state.h"
#include "daemon/store/stream_writer.h"

namespace baselined::store {

// What all sinks of a store share.
struct SinkContext {
  Connection* db = nullptr;
  TextDictionary* texts = nullptr;
  std::map<std::string, std::int64_t>* next_ids = nullptr;  // by contract id; nodes stay in place
};

class TransactionSink final : public records::RecordSink {
 public:
  TransactionSink(const SinkContext& context, const std::string& collector, std::int64_t run_id,
                  const Clock& clock);
  ~TransactionSink() override;

  Result<Stream> open_stream(const records::StreamMapping& mapping) override;
  Status begin() override;
  Status put(Stream stream, std::span<const Cell> fields) override;
  Status remove(Stream stream, std::span<const Cell> fields) override;
  Status begin_scope(Stream stream, std::string_view scope) override;
  Status set_coverage(const records::Coverage& coverage) override;
  Status set_open_set(Stream stream, std::string_view scope,
                      std::span<const std::string_view> keys) override;
  Status set_cursor(std::string_view key, std::string_view value) override;
  Status set_validator(std::string_view target, const records::HttpValidator& validator) override;
  Result<records::CountsByContract> commit() override;
  void rollback() override;
  Result<std::string> cursor(std::string_view key) override;
  Result<records::HttpValidator> validator(std::string_view target) override;
  Result<std::vector<std::string>> open_set(Stream stream, std::string_view scope) override;

 private:
  struct OpenStream {
    StreamWriter writer;
    records::Counts counts;         // of this barrier
    std::set<std::int64_t> scopes;  // begun in this barrier
  };

  // Refuses where there is no barrier, or one that has failed.
  Status check_barrier() const;
  // Remembers a failure: the barrier cannot be committed any more.
  Status note(Status status);
  Result<records::CountsByContract> finish();
  Status sweep_scopes();
  void end_barrier();

  SinkContext context_;
  CollectorState state_;
  const Clock* clock_;
  Origin origin_;
  std::vector<OpenStream> streams_;
  std::optional<Transaction> transaction_;
  bool has_failed_ = false;
  bool has_new_validators_ = false;
};

}  // namespace baselined::store
