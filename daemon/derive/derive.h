// Derive: turns records and the mapping into fact tables, incrementally.
//
// Facts are what can be counted: a commit of a service, a deployment, a commit that a deployment
// shipped. They are a pure function of (records of configured collectors, mapping): deriving from
// scratch gives the same rows as any order of increments. Fact tables are disposable; a change of
// their schema version or of the mapping rebuilds them. Threads: the thread that owns the write
// connection. Errors: those of the store.
#pragma once

#include <cstdint>

#include "daemon/base/result.h"
#include "daemon/derive/mapping.h"
#include "daemon/store/sqlite.h"

namespace baselined::derive {

// What update() did, so that only what it touches is computed again.
struct Touched {
  bool everything = false;            // rebuilt: the mapping or the schema changed, or first time
  std::vector<std::string> services;  // otherwise: services with a changed fact
};

// Creates fact tables where they are missing, then brings facts up to date with all committed
// records, in one transaction.
Result<Touched> update(store::Connection& db, const Mapping& mapping);

// The hash of the mapping that the stored facts were derived with and whether they are up to date
// with the records; for readers, which must not answer from stale facts.
Result<bool> is_current(store::Connection& reader, const Mapping& mapping);

}  // namespace baselined::derive
