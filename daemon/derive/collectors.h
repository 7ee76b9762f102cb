// Which collectors' records facts are made of: those that the mapping names. Records of any other
// stay in the store and take no part.
// Threads: a value.
// Errors: those of the store.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "daemon/base/result.h"
#include "daemon/derive/mapping.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

class Collectors {
 public:
  Collectors() = default;  // all
  static Result<Collectors> read(store::Connection& db, const Mapping& mapping);

  bool take_part(std::int64_t collector) const { return !ids_ || ids_->count(collector) != 0; }
  // " AND +collector IN (1,2)"; empty where all take part. The plus keeps SQLite from choosing an
  // index by the collector.
  std::string condition() const;

 private:
  std::optional<std::set<std::int64_t>> ids_;
};

}  // namespace baselined::derive
