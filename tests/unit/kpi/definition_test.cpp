#include "daemon/kpi/definition.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace baselined::kpi {
namespace {

using testing::HasSubstr;

// A definition that is right, with one line replaced (or left out, where `line` is empty).
std::string definition(const std::string& key = "", const std::string& line = "") {
  const std::vector<std::pair<std::string, std::string>> lines{
      {"id", "id = 'meetings'"},
      {"version", "version = 2"},
      {"title_en", "title_en = 'Meetings'"},
      {"title_nl", "title_nl = 'Vergaderingen'"},
      {"unit", "unit = 'per_day'"},
      {"kind", "kind = 'rate'"},
      {"layer", "layer = 'activity'"},
      {"better", "better = 'lower'"},
      {"about", "about = 'service'"},
      {"needs", "needs = ['meeting/1']"},
      {"definition", "definition = 'Meetings per day.'"},
      {"settling", "settling = '72h'"},
      {"sql", "sql = 'SELECT service, at FROM fact_meeting WHERE at >= :from AND at < :to'"}};
  std::string text;
  bool replaced = key.empty();
  for (const auto& [name, content] : lines) {
    text += (name == key ? line : content) + "\n";
    replaced = replaced || name == key;
  }
  return replaced ? text : text + line + "\n";
}

Result<Catalogue> parse(const std::vector<std::string>& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return Catalogue::parse(views);
}

void expect_refused(const std::string& key, const std::string& line, const std::string& message) {
  const auto catalogue = parse({definition(key, line)});
  ASSERT_FALSE(catalogue) << line;
  EXPECT_EQ(catalogue.error().code(), Error::Code::config);
  EXPECT_THAT(catalogue.error().message(), HasSubstr(message));
  EXPECT_THAT(catalogue.error().message(), HasSubstr("'" + key + "'"));
}

TEST(Catalogue, ReadsEveryKey) {
  const auto catalogue = parse({definition()});
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  const Definition* meetings = catalogue->find("meetings");
  ASSERT_NE(meetings, nullptr);
  EXPECT_EQ(meetings->version, 2);
  EXPECT_EQ(meetings->title_en, "Meetings");
  EXPECT_EQ(meetings->title_nl, "Vergaderingen");
  EXPECT_EQ(meetings->unit, "per_day");
  EXPECT_EQ(meetings->kind, Kind::rate);
  EXPECT_EQ(meetings->layer, "activity");
  EXPECT_EQ(meetings->better, "lower");
  EXPECT_EQ(meetings->about, "service");
  EXPECT_THAT(meetings->needs, testing::ElementsAre("meeting/1"));
  EXPECT_EQ(meetings->definition, "Meetings per day.");
  EXPECT_EQ(meetings->settling, std::chrono::hours(72));
  EXPECT_THAT(meetings->sql, HasSubstr("fact_meeting"));
  EXPECT_FALSE(meetings->needs_deployment_rule);
  EXPECT_TRUE(meetings->excluded_sql.empty());
}

TEST(Catalogue, RefusesWhatIsMissing) {
  for (const char* key :
       {"title_en", "title_nl", "unit", "kind", "layer", "better", "about", "definition", "sql"}) {
    expect_refused(key, "", "is missing");
  }
  expect_refused("id", "", "is missing");
  expect_refused("version", "", "must be a whole number");
  expect_refused("needs", "", "must list the contracts");
}

TEST(Catalogue, RefusesWrongValues) {
  expect_refused("id", "id = 'Meetings'", "must be lower case");
  expect_refused("id", "id = '2fast'", "must be lower case");
  expect_refused("id", "id = 7", "must be text");
  expect_refused("version", "version = 0", "must be a whole number");
  expect_refused("version", "version = '1'", "must be a whole number");
  expect_refused("unit", "unit = 'parsec'", "must be one of: seconds, per_day");
  expect_refused("kind", "kind = 'mean'", "must be one of: duration");
  expect_refused("layer", "layer = 'x'", "must be one of: activity");
  expect_refused("better", "better = 'yes'", "must be one of: higher");
  expect_refused("about", "about = 'x'", "must be one of: service");
  expect_refused("needs", "needs = []", "must list the contracts");
  expect_refused("needs", "needs = ['commit']", "such as \"commit/1\"");
  expect_refused("needs", "needs = [1]", "such as \"commit/1\"");
  expect_refused("settling", "settling = 'soon'", "is not a duration");
  expect_refused("needs_deployment_rule", "needs_deployment_rule = 1", "must be true or false");
  expect_refused("colour", "colour = 'red'", "is not a key of a KPI");
}

TEST(Catalogue, RefusesQueriesWithoutTime) {
  const std::string wrong = "must restrict time with :from and :to";
  expect_refused("sql", "sql = 'SELECT service, at FROM fact WHERE at >= :from'", wrong);
  expect_refused("excluded_sql", "excluded_sql = 'SELECT 1 WHERE :to'", wrong);
  expect_refused("adjusted_sql", "adjusted_sql = 'SELECT 1'", wrong);
}

TEST(Catalogue, RefusesWhatTheEngineDoesNotCompute) {
  expect_refused("kind", "kind = 'ratio'", "does not compute");
  expect_refused("summary", "summary = 'median_days_per_week'", "only for a level");
  expect_refused("about", "about = 'people'", "minimum group size");
  expect_refused("unit", "unit = 'seconds'", "must be seconds for a duration");
}

TEST(Catalogue, ALevelSaysHowItIsSummarised) {
  const std::string level = "kind = 'level'\n";
  EXPECT_TRUE(parse({definition("kind", level + "summary = 'median_days_per_week'")}));
  EXPECT_FALSE(parse({definition("kind", level)}));
  EXPECT_FALSE(parse({definition("kind", level + "summary = 'last'")}));
}

TEST(Catalogue, RefusesTheSameIdTwice) {
  const auto catalogue = parse({definition(), definition()});
  ASSERT_FALSE(catalogue);
  EXPECT_THAT(catalogue.error().message(), HasSubstr("meetings: 'id' is defined twice"));
}

TEST(Catalogue, RefusesBrokenToml) {
  const auto catalogue = parse({definition(), "id = "});
  ASSERT_FALSE(catalogue);
  EXPECT_EQ(catalogue.error().code(), Error::Code::config);
  EXPECT_THAT(catalogue.error().message(), HasSubstr("KPI definition 2:1:"));
}

TEST(BuiltInCatalogue, HasTheKpisOfAGitHistoryAndOfAForge) {
  std::vector<std::string> ids;
  for (const Definition& each : Catalogue::built_in().all()) {
    ids.push_back(each.id);
  }
  EXPECT_THAT(
      ids, testing::UnorderedElementsAre(
               "dora_deployment_frequency", "deployment_days_per_week", "time_between_deployments",
               "dora_commit_lead_time", "commit_activity", "dora_change_lead_time",
               "change_coding_time", "change_pickup_time", "change_review_time",
               "change_merge_time", "change_deploy_time", "dora_change_fail_rate",
               "dora_deployment_rework_rate", "dora_failed_deployment_recovery_time",
               "incident_time_to_restore", "deployment_attempt_failure_rate"));
}

TEST(BuiltInCatalogue, FindsNothingElse) {
  EXPECT_EQ(Catalogue::built_in().find("dora"), nullptr);
  EXPECT_EQ(Catalogue::built_in().find(""), nullptr);
}

// A fleet runs the same definitions on PostgreSQL.
TEST(BuiltInCatalogue, StaysInThePortableSubset) {
  for (const Definition& each : Catalogue::built_in().all()) {
    std::string sql = each.sql + each.excluded_sql + each.adjusted_sql;
    std::transform(sql.begin(), sql.end(), sql.begin(), [](char c) { return std::tolower(c); });
    for (const char* word :
         {"strftime", "date(", "datetime", "julianday", "unixepoch", "rowid", "max(", "min(",
          "glob ", "ifnull", "total(", "pragma", "json", "`", "["}) {
      EXPECT_THAT(sql, testing::Not(HasSubstr(word))) << each.id;
    }
  }
}

TEST(DefinitionJson, HasEveryKey) {
  const Definition* lead = Catalogue::built_in().find("dora_commit_lead_time");
  ASSERT_NE(lead, nullptr);
  const json::object object = to_json(*lead).as_object();
  EXPECT_EQ(object.at("id"), "dora_commit_lead_time");
  EXPECT_EQ(object.at("version"), 1);
  EXPECT_EQ(object.at("title_nl"), "Doorlooptijd van commits");
  EXPECT_EQ(object.at("unit"), "seconds");
  EXPECT_EQ(object.at("kind"), "duration");
  EXPECT_EQ(object.at("layer"), "activity");
  EXPECT_EQ(object.at("better"), "lower");
  EXPECT_EQ(object.at("about"), "service");
  EXPECT_EQ(object.at("needs"), json::array({"commit/1", "ref/1"}));
  EXPECT_EQ(object.at("settling_seconds"), 3 * 86400);
  EXPECT_THAT(object.at("definition").as_string().c_str(), HasSubstr("For each commit"));
}

}  // namespace
}  // namespace baselined::kpi
