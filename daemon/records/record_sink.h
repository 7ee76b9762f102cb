// Where normalised records go, one transaction per barrier. Implemented by the store, and by the
// command line's dry run.
//
// Order of calls: begin, then any of put, remove, begin_scope, set_*, then commit or rollback.
// What was put between begin and commit becomes visible and durable at once, or not at all.
// A sink belongs to one run of one collector.
// Threads: one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/records/stream.h"

namespace baselined::records {

// What a transaction, or a run, did to the records of one contract.
struct Counts {
  std::uint64_t rows = 0;  // emitted
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t removed = 0;
  std::uint64_t unchanged = 0;

  std::uint64_t changed() const { return inserted + updated + removed; }
  Counts& operator+=(const Counts& other);
};
using CountsByContract = std::map<std::string, Counts>;

// A span of time for which a scope of a source was read completely, or why not.
struct Coverage {
  std::string contract;
  std::string scope;
  std::int64_t from_us = 0;  // INT64_MIN: since the beginning of the source
  std::int64_t to_us = 0;
  std::string reason;  // empty: complete
};

// What a source said of the answer to a request, so that it can say whether that has changed.
struct HttpValidator {
  std::string etag;
  std::string last_modified;

  bool is_empty() const { return etag.empty() && last_modified.empty(); }
};

class RecordSink {
 public:
  using Stream = std::size_t;  // handle from open_stream

  virtual ~RecordSink() = default;

  // Before begin. The mapping must outlive the sink.
  virtual Result<Stream> open_stream(const StreamMapping& mapping) = 0;

  virtual Status begin() = 0;
  // fields: as from Normaliser::row.
  virtual Status put(Stream stream, std::span<const Cell> fields) = 0;
  // fields: as from Normaliser::key. A key that is not there is no error.
  virtual Status remove(Stream stream, std::span<const Cell> fields) = 0;
  // Rows put on this stream from here to the commit are the complete content of the scope.
  virtual Status begin_scope(Stream stream, std::string_view scope) = 0;
  virtual Status set_coverage(const Coverage& coverage) = 0;
  // Replaces the whole open set of (contract of the stream, scope).
  virtual Status set_open_set(Stream stream, std::string_view scope,
                              std::span<const std::string_view> keys) = 0;
  virtual Status set_cursor(std::string_view key, std::string_view value) = 0;
  // `target`: what was asked, of whom and for what. An empty validator forgets it.
  virtual Status set_validator(std::string_view target, const HttpValidator& validator) = 0;
  virtual Result<CountsByContract> commit() = 0;
  virtual void rollback() = 0;

  // State of the last commit, outside a transaction.
  virtual Result<std::string> cursor(std::string_view key) = 0;
  virtual Result<HttpValidator> validator(std::string_view target) = 0;
  virtual Result<std::vector<std::string>> open_set(Stream stream, std::string_view scope) = 0;
};

}  // namespace baselined::records
