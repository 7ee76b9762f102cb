#include "daemon/store/collector_state.h"

#include <fmt/format.h>

namespace baselined::store {

Result<std::int64_t> CollectorState::make_number() {
  BL_TRY(const std::optional<std::int64_t> known, number());
  if (known.has_value()) {
    return *known;
  }
  BL_TRY(Statement insert, db_->prepare("INSERT INTO collector (name) VALUES (?1)"));
  insert.bind(1, name_);
  BL_CHECK(insert.run());
  return db_->last_insert_rowid();
}

Result<std::optional<std::int64_t>> CollectorState::number() {
  BL_TRY(Statement select, db_->prepare("SELECT id FROM collector WHERE name = ?1"));
  select.bind(1, name_);
  BL_TRY(const bool found, select.step());
  return found ? std::optional(select.integer(0)) : std::nullopt;
}

Result<std::string> CollectorState::cursor(std::string_view key) {
  BL_TRY(
      Statement select,
      db_->prepare("SELECT value FROM cursor"
                   " WHERE collector = (SELECT id FROM collector WHERE name = ?1) AND key = ?2"));
  select.bind(1, name_).bind(2, key);
  BL_TRY(const bool found, select.step());
  return found ? std::string(select.text(0)) : std::string();
}

Status CollectorState::set_cursor(std::int64_t collector, std::string_view key,
                                  std::string_view value, std::int64_t now_us) {
  BL_TRY(Statement upsert, db_->prepare("INSERT INTO cursor (collector, key, value, updated_at)"
                                        " VALUES (?1, ?2, ?3, ?4)"
                                        " ON CONFLICT DO UPDATE SET value = excluded.value,"
                                        " updated_at = excluded.updated_at"));
  upsert.bind(1, collector).bind(2, key).bind(3, value).bind(4, now_us);
  return upsert.run();
}

Status CollectorState::set_coverage(std::int64_t collector, const records::Coverage& coverage,
                                    std::int64_t now_us) {
  const bool complete = coverage.reason.empty();
  if (complete && coverage.from_us > coverage.to_us) {
    return Error(Error::Code::data, fmt::format("coverage of {}: a span that ends before it begins",
                                                coverage.contract));
  }
  BL_TRY(Statement upsert,
         db_->prepare(complete ? "INSERT INTO coverage (collector, contract, scope, from_us, to_us,"
                                 " reason, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                                 " ON CONFLICT DO UPDATE SET from_us = excluded.from_us,"
                                 " to_us = excluded.to_us, reason = excluded.reason,"
                                 " recorded_at = excluded.recorded_at"
                               : "INSERT INTO coverage (collector, contract, scope, from_us, to_us,"
                                 " reason, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                                 " ON CONFLICT DO UPDATE SET reason = excluded.reason,"
                                 " recorded_at = excluded.recorded_at"));
  upsert.bind(1, collector).bind(2, coverage.contract).bind(3, coverage.scope);
  upsert.bind(4, coverage.from_us).bind(5, complete ? coverage.to_us : coverage.from_us);
  upsert.bind(6, coverage.reason).bind(7, now_us);
  return upsert.run();
}

Result<records::HttpValidator> CollectorState::validator(std::string_view target) {
  BL_TRY(Statement select,
         db_->prepare("SELECT etag, last_modified FROM http_validator"
                      " WHERE collector = (SELECT id FROM collector WHERE name = ?1)"
                      " AND target = ?2"));
  select.bind(1, name_).bind(2, target);
  BL_TRY(const bool found, select.step());
  records::HttpValidator validator;
  if (found) {
    validator.etag = select.text(0);
    validator.last_modified = select.text(1);
  }
  return validator;
}

Status CollectorState::set_validator(std::int64_t collector, std::string_view target,
                                     const records::HttpValidator& validator, std::int64_t now_us) {
  BL_TRY(Statement remove,
         db_->prepare("DELETE FROM http_validator WHERE collector = ?1 AND target = ?2"));
  remove.bind(1, collector).bind(2, target);
  BL_CHECK(remove.run());
  if (validator.is_empty()) {
    return {};
  }
  BL_TRY(Statement insert, db_->prepare("INSERT INTO http_validator"
                                        " (collector, target, etag, last_modified, updated_at)"
                                        " VALUES (?1, ?2, ?3, ?4, ?5)"));
  insert.bind(1, collector).bind(2, target).bind(3, validator.etag);
  insert.bind(4, validator.last_modified).bind(5, now_us);
  return insert.run();
}

Status CollectorState::trim_validators(std::int64_t collector) {
  BL_TRY(Statement trim,
         db_->prepare("DELETE FROM http_validator WHERE id IN (SELECT id FROM http_validator"
                      " WHERE collector = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)"));
  trim.bind(1, collector).bind(2, kMaxValidators);
  return trim.run();
}

Result<std::vector<std::string>> CollectorState::open_set(std::string_view contract,
                                                          std::string_view scope) {
  BL_TRY(Statement select,
         db_->prepare("SELECT key FROM open_item"
                      " WHERE collector = (SELECT id FROM collector WHERE name = ?1)"
                      " AND contract = ?2 AND scope = ?3 ORDER BY key"));
  select.bind(1, name_).bind(2, contract).bind(3, scope);
  std::vector<std::string> keys;
  while (true) {
    BL_TRY(const bool found, select.step());
    if (!found) {
      return keys;
    }
    keys.emplace_back(select.text(0));
  }
}

Status CollectorState::set_open_set(std::int64_t collector, std::string_view contract,
                                    std::string_view scope,
                                    std::span<const std::string_view> keys) {
  BL_TRY(Statement clear, db_->prepare("DELETE FROM open_item"
                                       " WHERE collector = ?1 AND contract = ?2 AND scope = ?3"));
  clear.bind(1, collector).bind(2, contract).bind(3, scope);
  BL_CHECK(clear.run());
  BL_TRY(Statement insert,
         db_->prepare("INSERT OR IGNORE INTO open_item (collector, contract, scope, key)"
                      " VALUES (?1, ?2, ?3, ?4)"));
  insert.bind(1, collector).bind(2, contract).bind(3, scope);
  for (const std::string_view key : keys) {
    insert.bind(4, key);
    BL_CHECK(insert.run());
  }
  return {};
}

}  // namespace baselined::store
