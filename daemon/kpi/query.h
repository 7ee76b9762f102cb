// The queries of one definition, prepared once and run for one service and window at a time.
//
// A definition's SQL answers for all services; it is wrapped so that SQLite pushes "this service"
// down into it and answers from an index on (service, at).
// Ownership: refers to the connection, which must outlive it.
// Threads: those of the connection. Errors: those of the store.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/kpi/definition.h"
#include "daemon/kpi/window.h"
#include "daemon/store/sqlite.h"

namespace baselined::kpi {

// An open statement pins its snapshot; this ends it on every way out.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(store::Statement& statement) : statement_(&statement) {}
  ~ResetAtEnd() { statement_->reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  store::Statement* statement_;
};

// What a definition's query found, by kind: only the members that the kind has are filled.
struct Observations {
  std::uint64_t events = 0;      // rate
  std::vector<double> values;    // duration, in microseconds
  std::vector<UtcTime> moments;  // level
  std::uint64_t successes = 0;   // proportion
  std::uint64_t trials = 0;
};

using CountByReason = std::map<std::string, std::uint64_t>;

class Query {
 public:
  static Result<Query> prepare(store::Connection& reader, const Definition& definition);

  Result<Observations> observations(std::int64_t service, const Window& window);
  Result<CountByReason> excluded(std::int64_t service, const Window& window);
  Result<CountByReason> adjusted(std::int64_t service, const Window& window);

  // The statements as they are prepared, for the test that looks at their query plans.
  static std::vector<std::string> statements(const Definition& definition);

 private:
  Query(Kind kind, store::Statement observations)
      : kind_(kind), observations_(std::move(observations)) {}

  Kind kind_;
  store::Statement observations_;
  std::optional<store::Statement> excluded_;
  std::optional<store::Statement> adjusted_;
};

}  // namespace baselined::kpi
