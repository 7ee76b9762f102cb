#include "daemon/store/schema.h"

#include <fmt/format.h>

#include <set>

namespace baselined::store {
namespace {

using records::Contract;
using records::Field;
using records::FieldType;

std::string_view sql_type(const Field& field) {
  switch (field.type) {
    case FieldType::text:
      return field.repeated ? "INTEGER" : "TEXT";
    case FieldType::text_list:
    case FieldType::decimal:
      return "TEXT";
    case FieldType::oid:
    case FieldType::oid_list:
      return "BLOB";
    case FieldType::real:
      return "REAL";
    case FieldType::integer:
    case FieldType::boolean:
    case FieldType::time:
      break;
  }
  return "INTEGER";
}

std::string column_sql(const Field& field) {
  return fmt::format("{} {}{}", field.name, sql_type(field), field.required ? " NOT NULL" : "");
}

std::string table_sql(const Contract& contract) {
  std::string sql = fmt::format(
      "CREATE TABLE {} (\n"
      "  id INTEGER PRIMARY KEY,\n"
      "  collector INTEGER NOT NULL,\n"
      "  run_id INTEGER NOT NULL,\n"
      "  first_seen_at INTEGER NOT NULL,\n"
      "  changed_at INTEGER NOT NULL,\n"
      "  removed_at INTEGER,\n"
      "  scope INTEGER",
      table_of(contract));
  for (const Field& field : contract.fields) {
    sql += ",\n  " + column_sql(field);
  }
  return sql + "\n) STRICT;\n";
}

std::string indexes_sql(const Contract& contract) {
  std::string keys;
  for (const Field& field : contract.fields) {
    if (field.key) {
      keys += ", " + field.name;
    }
  }
  const std::string table = table_of(contract);
  return fmt::format(
      "CREATE UNIQUE INDEX {0}_key ON {0} (collector{1});\n"
      "CREATE INDEX {0}_scope ON {0} (collector, scope)\n"
      "  WHERE scope IS NOT NULL AND removed_at IS NULL;\n",
      table, keys);
}

std::string readable(const Field& field) {
  if (field.repeated) {
    return fmt::format("(SELECT value FROM text WHERE text.id = r.{0}) AS {0}", field.name);
  }
  if (field.type == FieldType::oid || field.type == FieldType::oid_list) {
    return fmt::format("lower(hex(r.{0})) AS {0}", field.name);
  }
  return "r." + field.name;
}

Result<std::set<std::string, std::less<>>> columns_of(Connection& db, const std::string& table) {
  BL_TRY(Statement select, db.prepare("SELECT name FROM pragma_table_info(?1)"));
  select.bind(1, table);
  std::set<std::string, std::less<>> columns;
  while (true) {
    BL_TRY(const bool found, select.step());
    if (!found) {
      return columns;
    }
    columns.emplace(select.text(0));
  }
}

Status reconcile_table(Connection& db, const Contract& contract) {
  const std::string table = table_of(contract);
  BL_TRY(const auto columns, columns_of(db, table));
  if (columns.empty()) {
    return db.execute(table_sql(contract) + indexes_sql(contract));
  }
  for (const Field& field : contract.fields) {
    if (columns.contains(field.name)) {
      continue;
    }
    if (field.required) {
      return Error(Error::Code::internal,
                   fmt::format("contract {}: required field {} is new; that needs a new version "
                               "of the contract",
                               contract.id, field.name));
    }
    BL_CHECK(db.execute(fmt::format("ALTER TABLE {} ADD COLUMN {}", table, column_sql(field))));
  }
  return {};
}

// A view is text only: it is made again where its text has changed.
Status reconcile_view(Connection& db, const Contract& contract) {
  const std::string name = view_of(contract);
  const std::string wanted = view_sql(contract);
  {
    BL_TRY(Statement select,
           db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?1"));
    select.bind(1, name);
    BL_TRY(const bool found, select.step());
    if (found && select.text(0) == wanted) {
      return {};
    }
  }
  return db.execute(fmt::format("DROP VIEW IF EXISTS {};\n{}", name, wanted));
}

}  // namespace

std::string table_of(const Contract& contract) {
  return fmt::format("record_{}_{}", contract.name, contract.version);
}

std::string view_of(const Contract& contract) {
  return fmt::format("view_{}_{}", contract.name, contract.version);
}

std::string key_condition(const Contract& contract) {
  std::string condition = fmt::format("collector = ?{}", kKeyedCollector);
  int parameter = kFirstKey;
  for (const Field& field : contract.fields) {
    if (field.key) {
      condition += fmt::format(" AND {} = ?{}", field.name, parameter++);
    }
  }
  return condition;
}

std::string view_sql(const Contract& contract) {
  std::string sql = fmt::format(
      "CREATE VIEW {} AS SELECT\n"
      "  r.id,\n"
      "  (SELECT name FROM collector WHERE collector.id = r.collector) AS collector,\n"
      "  r.run_id,\n"
      "  r.first_seen_at,\n"
      "  r.changed_at",
      view_of(contract));
  for (const Field& field : contract.fields) {
    sql += ",\n  " + readable(field);
  }
  return sql + fmt::format("\nFROM {} AS r WHERE r.removed_at IS NULL", table_of(contract));
}

Status reconcile_contracts(Connection& db, const records::Contracts& contracts) {
  for (const Contract& contract : contracts.all()) {
    BL_CHECK(reconcile_table(db, contract));
    BL_CHECK(reconcile_view(db, contract));
  }
  return {};
}

}  // namespace baselined::store
