// A put is one upsert whose UPDATE applies only where a declared column differs or the record was
// removed. What it did is told without asking the database again: the number that we gave the
// record is the last one inserted (inserted), or a row changed (updated), or neither (unchanged).
//
// A scope notes the numbers of its records in a temporary table; the sweep removes what is not
// there. Rows that are put again unchanged are therefore not written.
#include "daemon/store/stream_writer.h"

#include <fmt/format.h>

#include "daemon/store/schema.h"

namespace baselined::store {
namespace {

using records::Contract;
using records::Field;
using records::StreamMapping;

// Parameters of the upsert before those of the fields.
constexpr int kId = 1;
constexpr int kCollector = 2;
constexpr int kRun = 3;
constexpr int kNow = 4;
constexpr int kScope = 5;
constexpr int kFirstField = 6;

std::vector<std::size_t> declared_fields(const StreamMapping& mapping) {
  std::vector<std::size_t> declared;
  for (std::size_t i = 0; i < mapping.column_of_field().size(); ++i) {
    if (mapping.column_of_field()[i].has_value()) {
      declared.push_back(i);
    }
  }
  return declared;
}

std::string upsert_sql(const StreamMapping& mapping) {
  std::string columns;
  std::string values;
  std::string keys;
  std::string updates;
  std::string differences;
  int parameter = kFirstField;
  for (const std::size_t i : declared_fields(mapping)) {
    const Field& field = mapping.contract().fields[i];
    columns += ", " + field.name;
    values += fmt::format(", ?{}", parameter++);
    if (field.key) {
      keys += ", " + field.name;
    } else {
      updates += fmt::format(", {0} = excluded.{0}", field.name);
      differences += fmt::format(" OR {0} IS NOT excluded.{0}", field.name);
    }
  }
  return fmt::format(
      "INSERT INTO {} (id, collector, run_id, first_seen_at, changed_at, scope{})"
      " VALUES (?1, ?2, ?3, ?4, ?4, ?5{})"
      " ON CONFLICT (collector{}) DO UPDATE SET run_id = excluded.run_id,"
      " changed_at = excluded.changed_at, removed_at = NULL{}"
      " WHERE removed_at IS NOT NULL{}",
      table_of(mapping.contract()), columns, values, keys, updates, differences);
}

int key_size(const Contract& contract) {
  int size = 0;
  for (const Field& field : contract.fields) {
    size += field.key ? 1 : 0;
  }
  return size;
}

std::string remove_sql(const Contract& contract) {
  const int after_key = kFirstKey + key_size(contract);
  return fmt::format(
      "UPDATE {0} SET removed_at = ?{2}, changed_at = ?{2}, run_id = ?{3}"
      " WHERE {1} AND removed_at IS NULL",
      table_of(contract), key_condition(contract), after_key, after_key + 1);
}

std::string log_change_sql(const Contract& contract) {
  return fmt::format("INSERT INTO record_change (contract, row) SELECT '{}', id FROM {} WHERE {}",
                     contract.id, table_of(contract), key_condition(contract));
}

}  // namespace

Result<StreamWriter> StreamWriter::create(Connection& db, TextDictionary& texts,
                                          const StreamMapping& mapping, std::int64_t& next_id) {
  BL_TRY(Statement upsert, db.prepare(upsert_sql(mapping)));
  BL_TRY(Statement remove, db.prepare(remove_sql(mapping.contract())));
  BL_TRY(Statement log_change, db.prepare(log_change_sql(mapping.contract())));
  return StreamWriter(db, texts, mapping, next_id, std::move(upsert), std::move(remove),
                      std::move(log_change));
}

StreamWriter::StreamWriter(Connection& db, TextDictionary& texts, const StreamMapping& mapping,
                           std::int64_t& next_id, Statement upsert, Statement remove,
                           Statement log_change)
    : db_(&db),
      texts_(&texts),
      mapping_(&mapping),
      next_id_(&next_id),
      declared_(declared_fields(mapping)),
      upsert_(std::move(upsert)),
      remove_(std::move(remove)),
      log_change_(std::move(log_change)) {}

Result<StreamWriter::Outcome> StreamWriter::put(const Origin& origin,
                                                std::span<const Cell> fields) {
  const std::int64_t id = *next_id_;
  upsert_.bind(kId, id);
  upsert_.bind(kCollector, origin.collector);
  upsert_.bind(kRun, origin.run_id);
  upsert_.bind(kNow, origin.now_us);
  if (scope_.has_value()) {
    upsert_.bind(kScope, *scope_);
  } else {
    upsert_.bind_null(kScope);
  }
  int index = kFirstField;
  for (const std::size_t field : declared_) {
    BL_CHECK(bind_field(upsert_, index++, field, fields[field]));
  }
  // A text that was just given a number may have left the same one there.
  db_->set_last_insert_rowid(0);
  BL_CHECK(upsert_.run());
  if (db_->last_insert_rowid() == id) {
    ++*next_id_;
    BL_CHECK(scope_.has_value() ? see(id) : Status());
    return Outcome::inserted;
  }
  const Outcome outcome = db_->changes() > 0 ? Outcome::updated : Outcome::unchanged;
  if (outcome == Outcome::updated) {
    BL_CHECK(log_change(origin, fields));
  }
  BL_CHECK(scope_.has_value() ? find_and_see(origin, fields) : Status());
  return outcome;
}

Result<StreamWriter::Outcome> StreamWriter::remove(const Origin& origin,
                                                   std::span<const Cell> fields) {
  BL_TRY(const bool may_exist, bind_key(remove_, kFirstKey, fields));
  if (!may_exist) {
    return Outcome::unchanged;
  }
  const int after_key = kFirstKey + key_size(contract());
  remove_.bind(kKeyedCollector, origin.collector);
  remove_.bind(after_key, origin.now_us);
  remove_.bind(after_key + 1, origin.run_id);
  BL_CHECK(remove_.run());
  if (db_->changes() == 0) {
    return Outcome::unchanged;
  }
  BL_CHECK(log_change(origin, fields));
  return Outcome::removed;
}

Status StreamWriter::bind_field(Statement& statement, int index, std::size_t field,
                                const Cell& cell) {
  switch (cell.type) {
    case CellType::null:
      statement.bind_null(index);
      break;
    case CellType::boolean:
    case CellType::integer:
    case CellType::time:
      statement.bind(index, cell.integer);
      break;
    case CellType::real:
      statement.bind(index, cell.real);
      break;
    case CellType::bytes:
      statement.bind_blob(index, cell.text());
      break;
    case CellType::text:
    case CellType::decimal:
      if (contract().fields[field].repeated) {
        BL_TRY(const std::int64_t id, texts_->encode(cell.text()));
        statement.bind(index, id);
      } else {
        statement.bind(index, cell.text());
      }
      break;
  }
  return {};
}

Result<bool> StreamWriter::bind_key(Statement& statement, int first, std::span<const Cell> fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = contract().fields[i];
    if (!field.key) {
      continue;
    }
    if (field.repeated) {
      BL_TRY(const std::optional<std::int64_t> id, texts_->find(fields[i].text()));
      if (!id.has_value()) {
        return false;
      }
      statement.bind(first++, *id);
    } else {
      BL_CHECK(bind_field(statement, first++, i, fields[i]));
    }
  }
  return true;
}

Status StreamWriter::log_change(const Origin& origin, std::span<const Cell> fields) {
  log_change_.bind(kKeyedCollector, origin.collector);
  BL_TRY(const bool exists, bind_key(log_change_, kFirstKey, fields));
  BL_ASSERT(exists);
  return log_change_.run();
}

}  // namespace baselined::store
