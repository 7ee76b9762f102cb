// The statements that write the records of one stream: prepared once, run for each row.
//
// Ownership: the connection, the dictionary and the mapping must outlive it.
// Threads: the thread of the connection, within its transaction.
// Errors: those of SQLite.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/records/stream.h"
#include "daemon/store/sqlite.h"
#include "daemon/store/text_dictionary.h"

namespace baselined::store {

// Whose rows, and when we learned of them.
struct Origin {
  std::int64_t collector = 0;
  std::int64_t run_id = 0;
  std::int64_t now_us = 0;
};

class StreamWriter {
 public:
  enum class Outcome : std::uint8_t { inserted, updated, removed, unchanged };

  // next_id: of the contract's table, shared by all writers of it.
  static Result<StreamWriter> create(Connection& db, TextDictionary& texts,
                                     const records::StreamMapping& mapping, std::int64_t& next_id);

  const records::Contract& contract() const { return mapping_->contract(); }

  // fields: as from Normaliser::row. A tombstone that is put again comes back to life: updated.
  Result<Outcome> put(const Origin& origin, std::span<const Cell> fields);
  // fields: as from Normaliser::key.
  Result<Outcome> remove(const Origin& origin, std::span<const Cell> fields);

  // From here on, what is put belongs to this scope (a number of a text) and is noted as seen.
  Status begin_scope(std::int64_t scope);
  void end_scope();
  // Removes the records of the scope that were not seen; how many.
  Result<std::int64_t> sweep(const Origin& origin, std::int64_t scope);
  // Forgets what was seen, of all scopes of the contract.
  Status forget_seen();

 private:
  // Made at the first scope only: few streams have one.
  struct ScopeStatements {
    Statement select;
    Statement move;
    Statement see;
    Statement log_unseen;
    Statement remove_unseen;
  };

  StreamWriter(Connection& db, TextDictionary& texts, const records::StreamMapping& mapping,
               std::int64_t& next_id, Statement upsert, Statement remove, Statement log_change);

  Status bind_field(Statement& statement, int index, std::size_t field, const Cell& cell);
  // False: a text of the key is not known at all, so there is no such record.
  Result<bool> bind_key(Statement& statement, int first, std::span<const Cell> fields);
  Status log_change(const Origin& origin, std::span<const Cell> fields);
  Status see(std::int64_t id);
  Status find_and_see(const Origin& origin, std::span<const Cell> fields);
  Status prepare_scope_statements();
  std::string seen_table() const;

  Connection* db_;
  TextDictionary* texts_;
  const records::StreamMapping* mapping_;
  std::int64_t* next_id_;
  std::vector<std::size_t> declared_;  // fields that the stream fills
  Statement upsert_;
  Statement remove_;
  Statement log_change_;
  std::optional<std::int64_t> scope_;
  std::optional<ScopeStatements> scope_statements_;
};

}  // namespace baselined::store
