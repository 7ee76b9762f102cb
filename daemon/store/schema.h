// The SQL of the tables: what contracts become, and the fixed ones.
//
// Names come from contracts, which are checked: they need no quoting.
// Threads: pure functions, and reconcile on the thread of its connection.
#pragma once

#include <string>

#include "daemon/records/contract.h"
#include "daemon/store/sqlite.h"

namespace baselined::store {

// "record_commit_1", "view_commit_1".
std::string table_of(const records::Contract& contract);
std::string view_of(const records::Contract& contract);

// The condition that finds a record by its key: "collector = ?1 AND repository = ?2 AND sha = ?3",
// the key fields in contract order.
constexpr int kKeyedCollector = 1;
constexpr int kFirstKey = 2;
std::string key_condition(const records::Contract& contract);

// The view of the records that are alive, with text and object ids in readable form.
std::string view_sql(const records::Contract& contract);

// Creates the table of each contract, adds the columns that a table lacks, and renews its view.
// A table that lacks a required field is an error (internal): that needs a new contract version.
Status reconcile_contracts(Connection& db, const records::Contracts& contracts);

}  // namespace baselined::store
