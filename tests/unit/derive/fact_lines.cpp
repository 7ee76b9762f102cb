#include "tests/unit/derive/fact_lines.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/unit/derive/history.h"

namespace baselined::derive {

namespace {

// Values of a row with blanks between; blobs of 20 bytes are commits.
std::string line_of(const store::Statement& row) {
  std::string line;
  for (int column = 0; column < row.columns(); ++column) {
    line += line.empty() ? "" : " ";
    if (row.is_null(column)) {
      line += "-";
    } else {
      line += row.text(column);
    }
  }
  return line;
}

Lines query(store::Connection& db, const std::string& sql) {
  auto select = db.prepare(sql);
  EXPECT_TRUE(select) << (select ? "" : select.error().message()) << sql;
  Lines lines;
  while (select && select->step().value_or(false)) {
    lines.push_back(line_of(*select));
  }
  return lines;
}

// Times in seconds, as text.
std::string seconds(const std::string& column) { return "(" + column + " / 1000000)"; }

// The number that sha_of() put in.
constexpr const char* kCommitNumber =
    "(SELECT instr('0123456789ABCDEF', substr(hex(sha), 1, 1)) * 16"
    " + instr('0123456789ABCDEF', substr(hex(sha), 2, 1)) - 17"
    " + 256 * (instr('0123456789ABCDEF', substr(hex(sha), 3, 1)) * 16"
    " + instr('0123456789ABCDEF', substr(hex(sha), 4, 1)) - 17)"
    " FROM record_commit_1 WHERE id = commit_id)";

}  // namespace

Lines deployment_lines(store::Connection& db) {
  return query(
      db, std::string("SELECT s.name, r.identity, ") + kCommitNumber + ", origin, d.name, 'at', " +
              seconds("finished_at") +
              " || CASE WHEN is_seed THEN ' seed' ELSE"
              " ' after ' || (SELECT p.name FROM fact_deployment p WHERE p.id = d.previous)"
              " || ' gap ' || " +
              seconds("gap_us") +
              " END || CASE WHEN is_rollback THEN ' rollback' ELSE '' END"
              " || ' ships ' || shipped"
              " FROM fact_deployment d JOIN fact_service s ON s.id = d.service"
              " JOIN fact_repository r ON r.id = d.repository"
              " ORDER BY r.identity, r.part, d.id");
}

Lines commit_lines(store::Connection& db) {
  return query(
      db, std::string("SELECT s.name, r.identity, ") + kCommitNumber + " AS number, 'at', " +
              seconds("committed_at") +
              ", CASE WHEN is_bot THEN 'bot ' ELSE '' END || CASE WHEN deployment IS NULL"
              " THEN 'unshipped' ELSE 'in ' || (SELECT d.name FROM fact_deployment d"
              " WHERE d.id = c.deployment) || ' at ' || " +
              seconds("shipped_at") + " || ' lead ' || coalesce(" + seconds("lead_us") +
              ", '-') END || CASE WHEN clamped THEN ' clamped' ELSE '' END"
              " || CASE WHEN shipped_is_guess THEN ' or later' ELSE '' END"
              " FROM fact_commit c JOIN fact_service s ON s.id = c.service"
              " JOIN fact_repository r ON r.id = c.repository ORDER BY r.identity, r.part, number");
}

Lines exclusion_lines(store::Connection& db) {
  return query(db, "SELECT s.name, fact, 'at', " + seconds("at") +
                       ", 'n', n, e.name || ': ' || e.reason FROM fact_exclusion e"
                       " JOIN fact_service s ON s.id = e.service WHERE fact <> 'change_path'"
                       " ORDER BY 1, 2, 4, 6, 7");
}

Lines service_lines(store::Connection& db) {
  return query(db, "SELECT name || ':', deployment_rule FROM fact_service ORDER BY name");
}

Lines input_lines(store::Connection& db) {
  return query(db, "SELECT s.name, contract, repository, 'until', coalesce(" +
                       seconds("complete_until") +
                       ", '-') || ':', reason FROM fact_input i"
                       " JOIN fact_service s ON s.id = i.service ORDER BY 1, 2, 3");
}

Lines all_lines(store::Connection& db) {
  const std::string deployment =
      "(SELECT p.origin || p.name || p.finished_at || '#' || (SELECT count(*)"
      " FROM fact_deployment q WHERE q.repository = p.repository AND q.id < p.id)"
      " FROM fact_deployment p WHERE p.id = ";
  const std::string service = "(SELECT s.name FROM fact_service s WHERE s.id = service)";
  const std::string repository =
      "(SELECT r.identity || ' ' || r.part FROM fact_repository r WHERE r.id = repository)";
  // Also whether others own it, or nobody knows.
  const std::string belongs =
      "CASE WHEN service < 0 THEN service % 2 ELSE (SELECT s.name FROM fact_service s"
      " WHERE s.id = service) END";
  const std::string tables[] = {
      "SELECT 'service', name, deployment_rule FROM fact_service ORDER BY name",
      "SELECT 'repository', identity, part, " + service +
          ", sources, reason FROM fact_repository ORDER BY identity, part",
      "SELECT 'input', " + service +
          ", contract, repository, complete_from, complete_until, reason FROM fact_input"
          " ORDER BY 2, 3, 4",
      "SELECT 'commit', commit_id, " + belongs + ", " + repository + ", committed_at, is_bot, " +
          deployment +
          "deployment), shipped_at, lead_us, clamped, shipped_is_guess, generation, hex(parents)"
          " FROM fact_commit ORDER BY commit_id, 4",
      "SELECT 'candidate', " + repository +
          ", finished_at, generation, origin, name, commit_id, is_guess FROM fact_candidate"
          " ORDER BY 2, 3, 4, 5, 6, 7",
      "SELECT 'deployment', " + repository + ", " + deployment + "d.id), " + service +
          ", environment, hex(sha), commit_id, origin, name, finished_at, is_seed, is_rollback, " +
          deployment +
          "d.previous), shipped, walked, gap_us FROM fact_deployment d ORDER BY 2, d.id",
      "SELECT 'exclusion', " + service + ", " + repository +
          ", fact, at, reason, n, origin, name, commit_id FROM fact_exclusion"
          " ORDER BY 2, 3, 4, 5, 6, 7, 8, 9, 10",
      "SELECT 'change', id, " + belongs + ", " + repository +
          ", number, state, is_bot, opened_at, started_at, ready_at, reviewed_at, approved_at,"
          " merged_at, hex(landed), commit_id, " +
          deployment + "deployment), shipped_at FROM fact_change ORDER BY id, 4",
      "SELECT 'attempt', " + repository + ", name, " + service +
          ", at, outcome FROM fact_attempt ORDER BY 2, 3",
      "SELECT 'rules', name, fix_rule FROM fact_service ORDER BY name",
      "SELECT 'hotfix', id, " + repository +
          ", is_hotfix, is_named, reverts FROM fact_change ORDER BY id, 3",
      "SELECT 'incident', id, " + service +
          ", incident, opened_at, began_at, ended_at, restored_at, restore_us, is_open, cause FROM "
          "fact_incident ORDER BY "
          "id",
      std::string("SELECT 'link', incident, role, refers_to, name, collector, repository") +
          " FROM fact_incident_link ORDER BY 2, 3, 4, 5, 6, 7",
      "SELECT 'failure', " + deployment + "deployment), " + service +
          ", method, incident, at, recovered_at FROM fact_failure ORDER BY 2, 3, 4, 5",
      "SELECT 'rework', " + deployment + "deployment), " + service +
          ", method, at FROM fact_rework ORDER BY 2, 3, 4",
      "SELECT 'shipped', id, " + service + ", " + repository +
          ", at, is_seed, is_guess, clamped, lead_us, coding_us, pickup_us, review_us, merge_us,"
          " deploy_us FROM fact_shipped_change WHERE service > 0 ORDER BY id, 4",
      "SELECT 'tip', " + repository + ", name, commit_id FROM fact_branch_tip ORDER BY 2, 3, 4",
      "SELECT 'missing', " + repository +
          ", hex(sha), origin, name FROM fact_missing ORDER BY 2, 3, 4, 5"};
  Lines lines;
  for (const std::string& sql : tables) {
    const Lines table = query(db, sql);
    lines.insert(lines.end(), table.begin(), table.end());
  }
  return lines;
}

std::int64_t stages_that_do_not_add_up(store::Connection& db) {
  return *db.integer(
      "SELECT count(*) FROM fact_shipped_change WHERE lead_us < 0 OR"
      " min(coding_us, pickup_us, review_us, merge_us, deploy_us) < 0 OR"
      " coding_us + pickup_us + review_us + merge_us + deploy_us <> lead_us");
}

store::Connection copy_of_records(store::Connection& db) {
  auto copy = store::Connection::in_memory();
  EXPECT_TRUE(copy);
  sqlite3_backup* backup = sqlite3_backup_init(copy->handle(), "main", db.handle(), "main");
  EXPECT_NE(backup, nullptr);
  EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
  EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK);
  EXPECT_TRUE(copy->execute("DROP TABLE IF EXISTS derive_state"));
  return *std::move(copy);
}

}  // namespace baselined::derive
