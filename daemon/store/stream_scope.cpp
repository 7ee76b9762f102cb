// The part of StreamWriter that replaces a scope whole.
#include <fmt/format.h>

#include "daemon/store/schema.h"
#include "daemon/store/stream_writer.h"

namespace baselined::store {

std::string StreamWriter::seen_table() const { return "temp.seen_" + table_of(contract()); }

Status StreamWriter::prepare_scope_statements() {
  // Also after a rollback, which takes the table away again.
  BL_CHECK(db_->execute(
      fmt::format("CREATE TABLE IF NOT EXISTS {} (id INTEGER PRIMARY KEY)", seen_table())));
  if (scope_statements_.has_value()) {
    return {};
  }
  const std::string table = table_of(contract());
  const std::string unseen = fmt::format(
      "collector = ?1 AND scope = ?2 AND removed_at IS NULL AND id NOT IN (SELECT id FROM {})",
      seen_table());
  BL_TRY(Statement select, db_->prepare(fmt::format("SELECT id, scope FROM {} WHERE {}", table,
                                                    key_condition(contract()))));
  BL_TRY(Statement move,
         db_->prepare(fmt::format("UPDATE {} SET scope = ?2 WHERE id = ?1", table)));
  BL_TRY(Statement see,
         db_->prepare(fmt::format("INSERT OR IGNORE INTO {} (id) VALUES (?1)", seen_table())));
  BL_TRY(Statement log_unseen, db_->prepare(fmt::format("INSERT INTO record_change (contract, row)"
                                                        " SELECT '{}', id FROM {} WHERE {}",
                                                        contract().id, table, unseen)));
  BL_TRY(
      Statement remove_unseen,
      db_->prepare(fmt::format(
          "UPDATE {} SET removed_at = ?3, changed_at = ?3, run_id = ?4 WHERE {}", table, unseen)));
  scope_statements_.emplace(ScopeStatements{std::move(select), std::move(move), std::move(see),
                                            std::move(log_unseen), std::move(remove_unseen)});
  return {};
}

Status StreamWriter::begin_scope(std::int64_t scope) {
  BL_CHECK(prepare_scope_statements());
  scope_ = scope;
  return {};
}

void StreamWriter::end_scope() { scope_.reset(); }

Status StreamWriter::see(std::int64_t id) {
  scope_statements_->see.bind(1, id);
  return scope_statements_->see.run();
}

// A record that was there before: it may have come without a scope, or within another.
Status StreamWriter::find_and_see(const Origin& origin, std::span<const Cell> fields) {
  Statement& select = scope_statements_->select;
  select.bind(kKeyedCollector, origin.collector);
  BL_TRY(const bool may_exist, bind_key(select, kFirstKey, fields));
  BL_ASSERT(may_exist);
  BL_TRY(const bool found, select.step());
  BL_ASSERT(found);
  const std::int64_t id = select.integer(0);
  const bool belongs = !select.is_null(1) && select.integer(1) == *scope_;
  select.reset();
  if (!belongs) {
    scope_statements_->move.bind(1, id).bind(2, *scope_);
    BL_CHECK(scope_statements_->move.run());
  }
  return see(id);
}

Result<std::int64_t> StreamWriter::sweep(const Origin& origin, std::int64_t scope) {
  BL_ASSERT(scope_statements_.has_value());
  Statement& log_unseen = scope_statements_->log_unseen;
  log_unseen.bind(1, origin.collector).bind(2, scope);
  BL_CHECK(log_unseen.run());
  Statement& remove_unseen = scope_statements_->remove_unseen;
  remove_unseen.bind(1, origin.collector).bind(2, scope);
  remove_unseen.bind(3, origin.now_us).bind(4, origin.run_id);
  BL_CHECK(remove_unseen.run());
  return db_->changes();
}

Status StreamWriter::forget_seen() { return db_->execute("DELETE FROM " + seen_table()); }

}  // namespace baselined::store
