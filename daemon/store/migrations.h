// The numbered steps that lead from an empty file, or from an older schema, to this one.
//
// Every change of a table is a new step at the end of the list in migrations.cpp, also where a
// contract changed and the table follows by itself: the number is what makes an older program
// refuse the file. A step that was released never changes.
// Threads: the thread of the connection.
#pragma once

#include <cstdint>

#include "daemon/records/contract.h"
#include "daemon/store/sqlite.h"

namespace baselined::store {

constexpr std::int64_t kApplicationId = 0x424c4442;  // "BLDB"

// The version that migrate() leads to.
std::int64_t schema_version();

// All missing steps and the tables of the contracts, in one transaction.
Status migrate(Connection& db, const records::Contracts& contracts);

}  // namespace baselined::store
