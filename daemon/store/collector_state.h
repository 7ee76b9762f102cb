// What the store keeps for a collector beside its records: number, cursors, coverage, open sets,
// and what sources said of answers over HTTP.
//
// Ownership: the connection must outlive it.
// Threads: the thread of the connection; what writes, within its transaction.
// Errors: those of SQLite.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/records/record_sink.h"
#include "daemon/store/sqlite.h"

namespace baselined::store {

class CollectorState {
 public:
  CollectorState(Connection& db, std::string name) : db_(&db), name_(std::move(name)) {}

  // The collector's number, given to it now where it has none. Within a transaction.
  Result<std::int64_t> make_number();
  // Nothing where the collector has never written.
  Result<std::optional<std::int64_t>> number();

  Result<std::string> cursor(std::string_view key);
  Status set_cursor(std::int64_t collector, std::string_view key, std::string_view value,
                    std::int64_t now_us);

  // A reason keeps the last complete span and says why there is none that is newer.
  Status set_coverage(std::int64_t collector, const records::Coverage& coverage,
                      std::int64_t now_us);

  Result<records::HttpValidator> validator(std::string_view target);
  Status set_validator(std::int64_t collector, std::string_view target,
                       const records::HttpValidator& validator, std::int64_t now_us);
  // Keeps the newest: targets may hold dates.
  Status trim_validators(std::int64_t collector);
  static constexpr std::int64_t kMaxValidators = 10'000;

  Result<std::vector<std::string>> open_set(std::string_view contract, std::string_view scope);
  Status set_open_set(std::int64_t collector, std::string_view contract, std::string_view scope,
                      std::span<const std::string_view> keys);

 private:
  Connection* db_;
  std::string name_;
};

}  // namespace baselined::store
