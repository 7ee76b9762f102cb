// Hand-filled fact tables in memory, for tests of the engine without derive.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/kpi/engine.h"

namespace baselined::kpi {

// "2026-03-01T08:00:00Z" or "2026-03-01" (midnight UTC).
inline UtcTime at(const std::string& text) {
  const Result<UtcTime> time = parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
  EXPECT_TRUE(time) << text;
  return time.value_or(UtcTime());
}

inline Window utc_window(const std::string& from, const std::string& to) {
  return {"", at(from), at(to)};
}

class FactTables : public testing::Test {
 protected:
  FactTables() : db_(*store::Connection::in_memory()) {
    run("CREATE TABLE fact_service(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        " deployment_rule TEXT, fix_rule TEXT, owns_commits INTEGER NOT NULL DEFAULT 1) STRICT");
    run("CREATE TABLE fact_repository(identity TEXT, part TEXT, service INTEGER) STRICT");
    run("CREATE TABLE fact_input(service INTEGER, contract TEXT, repository TEXT,"
        " complete_from INTEGER, complete_until INTEGER, reason TEXT NOT NULL) STRICT");
    run("CREATE TABLE fact_commit(service INTEGER, commit_id INTEGER, committed_at INTEGER,"
        " is_bot INTEGER, deployment INTEGER, shipped_at INTEGER, lead_us INTEGER,"
        " clamped INTEGER, shipped_is_guess INTEGER) STRICT");
    run("CREATE TABLE fact_deployment(id INTEGER PRIMARY KEY, service INTEGER, environment TEXT,"
        " finished_at INTEGER, is_seed INTEGER, shipped INTEGER, gap_us INTEGER,"
        " previous INTEGER, is_guess INTEGER NOT NULL DEFAULT 0,"
        " origin TEXT NOT NULL DEFAULT 'tag') STRICT");
    run("CREATE TABLE fact_change(service INTEGER, commit_id INTEGER, deployment INTEGER,"
        " merged_at INTEGER) STRICT");
    run("CREATE TABLE fact_shipped_change(service INTEGER, at INTEGER, is_seed INTEGER,"
        " is_guess INTEGER, clamped INTEGER, is_out_of_order INTEGER, lead_us INTEGER, coding_us "
        "INTEGER, pickup_us INTEGER,"
        " review_us INTEGER, merge_us INTEGER, deploy_us INTEGER) STRICT");
    run("CREATE TABLE fact_incident(service INTEGER, opened_at INTEGER, began_at INTEGER,"
        " ended_at INTEGER, restored_at INTEGER, restore_us INTEGER, is_open INTEGER, cause TEXT) "
        "STRICT");
    run("CREATE TABLE fact_attempt(service INTEGER, at INTEGER, outcome TEXT) STRICT");
    run("CREATE TABLE fact_failure(deployment INTEGER) STRICT");
    run("CREATE TABLE fact_rework(deployment INTEGER) STRICT");
    run("CREATE TABLE fact_failed_deployment(service INTEGER, at INTEGER, recovery_us INTEGER,"
        " clamped INTEGER, is_lookback INTEGER, is_open INTEGER) STRICT");
    run("CREATE TABLE fact_exclusion(service INTEGER, fact TEXT, at INTEGER, reason TEXT,"
        " n INTEGER) STRICT");
  }

  void run(const std::string& sql) {
    const Status done = db_.execute(sql);
    ASSERT_TRUE(done) << done.error().message() << " in " << sql;
  }

  // A service of one repository with a deployment rule, read completely until then. Its first
  // deployment is long ago.
  void add_service(int id, const std::string& name, const std::string& until = "2027-01-01") {
    run(fmt::format("INSERT INTO fact_service VALUES ({}, '{}', 'tags v*', NULL, 1)", id, name));
    for (const char* contract : {"commit/1", "ref/1"}) {
      add_input(id, contract, "example.org/" + name, INT64_MIN, until);
    }
    add_deployment(id, "2000-01-01", "");
  }
  // until: empty for never.
  void add_input(int service, const std::string& contract, const std::string& repository,
                 std::int64_t from, const std::string& until, const std::string& reason = "") {
    const std::string end = until.empty() ? "NULL" : std::to_string(to_us(at(until)));
    // The least integer cannot be written as a literal.
    const std::string begin = from == INT64_MIN ? "-9223372036854775807-1" : std::to_string(from);
    run(fmt::format("INSERT INTO fact_input VALUES ({}, '{}', '{}', {}, {}, '{}')", service,
                    contract, repository, begin, end, reason));
  }
  void remove_inputs() { run("DELETE FROM fact_input"); }

  // Without a gap it is the first one, the seed.
  void add_deployment(int service, const std::string& finished_at, const std::string& gap = "1h") {
    const std::string us =
        gap.empty() ? "NULL" : std::to_string(parse_duration(gap).value().count());
    run(
        fmt::format("INSERT INTO fact_deployment(service, environment, finished_at, is_seed,"
                    " shipped, gap_us) VALUES ({}, 'production', {}, {}, {}, {})",
                    service, to_us(at(finished_at)), gap.empty() ? 1 : 0, kShipped, us));
  }
  void add_shipped_commit(int service, const std::string& shipped_at, const std::string& lead,
                          bool clamped = false, bool is_guess = false) {
    const Microseconds us = parse_duration(lead).value();
    run(fmt::format("INSERT INTO fact_commit VALUES ({}, 1, {}, 0, 1, {}, {}, {}, {})", service,
                    to_us(at(shipped_at) - us), to_us(at(shipped_at)), us.count(), clamped ? 1 : 0,
                    is_guess ? 1 : 0));
  }
  void add_commit(int service, const std::string& committed_at, bool is_bot = false) {
    run(fmt::format("INSERT INTO fact_commit VALUES ({}, 1, {}, {}, NULL, NULL, NULL, 0, 0)",
                    service, to_us(at(committed_at)), is_bot ? 1 : 0));
  }

  static const Definition& kpi(const std::string& id) {
    const Definition* definition = Catalogue::built_in().find(id);
    EXPECT_NE(definition, nullptr) << id;
    return *definition;
  }
  Engine engine() { return {db_, Catalogue::built_in(), zone_}; }
  // The result of the service "shop".
  KpiResult shop(const std::string& id, const Window& window) {
    Engine computing = engine();
    const auto results = computing.compute(kpi(id), window, "shop");
    EXPECT_TRUE(results) << results.error().message();
    return results ? results->at(0) : KpiResult();
  }

  static constexpr int kShipped = 5;  // commits of every deployment

  store::Connection db_;
  TimeZone zone_ = TimeZone::utc();
};

}  // namespace baselined::kpi
