// A sink that prints records instead of storing them: one JSON object per line, as documented for
// `collect --dry-run`. It starts without any state and keeps none.
//
// Threads: as RecordSink.
#pragma once

#include "daemon/base/json.h"
#include "daemon/records/record_sink.h"

namespace baselined {

class DryRunSink final : public records::RecordSink {
 public:
  Result<Stream> open_stream(const records::StreamMapping& mapping) override;
  Status begin() override { return {}; }
  Status put(Stream stream, std::span<const Cell> fields) override;
  Status remove(Stream stream, std::span<const Cell> fields) override;
  Status begin_scope(Stream, std::string_view) override { return {}; }
  Status set_coverage(const records::Coverage&) override { return {}; }
  Status set_open_set(Stream, std::string_view, std::span<const std::string_view>) override {
    return {};
  }
  Status set_cursor(std::string_view, std::string_view) override { return {}; }
  Status set_validator(std::string_view, const records::HttpValidator&) override { return {}; }
  Result<records::CountsByContract> commit() override;
  void rollback() override { counts_.clear(); }
  Result<std::string> cursor(std::string_view) override { return std::string(); }
  Result<records::HttpValidator> validator(std::string_view) override {
    return records::HttpValidator();
  }
  Result<std::vector<std::string>> open_set(Stream, std::string_view) override {
    return std::vector<std::string>();
  }

 private:
  Status print(const records::Contract& contract, const char* member, std::span<const Cell> fields,
               bool only_key);

  std::vector<const records::Contract*> streams_;
  records::CountsByContract counts_;
};

}  // namespace baselined
