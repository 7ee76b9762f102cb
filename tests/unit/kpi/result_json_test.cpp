#include <gmock/gmock.h>

#include "tests/unit/kpi/fact_tables.h"

namespace baselined::kpi {
namespace {

using ResultJson = FactTables;

json::value parsed(const char* text) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value);
  return value.value_or(json::value());
}

TEST_F(ResultJson, OfADuration) {
  add_service(1, "shop", "2026-05-01");
  for (const char* lead : {"1h", "2h", "3h", "4h", "5h", "30m"}) {
    add_shipped_commit(1, "2026-03-10", lead);
  }
  add_shipped_commit(1, "2026-03-10", "0s", true);
  add_commit(1, "2026-03-20");
  const json::value actual =
      to_json(shop("dora_commit_lead_time", utc_window("2026-03-01", "2026-04-01")));
  EXPECT_EQ(actual, parsed(R"({
    "kpi": "dora_commit_lead_time", "version": 1, "unit": "seconds", "kind": "duration",
    "service": "shop", "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "n": 7,
    "stats": {"median": 7200, "p75": 12600, "p90": 15840, "lower": 1320, "upper": 15360},
    "excluded": {"not_deployed": 1}, "adjusted": {"clamped": 1}, "provisional": false,
    "coverage": [
      {"contract": "commit/1", "repository": "example.org/shop", "from": null,
       "until": "2026-05-01T00:00:00Z", "reason": null},
      {"contract": "ref/1", "repository": "example.org/shop", "from": null,
       "until": "2026-05-01T00:00:00Z", "reason": null}]})"));
}

TEST_F(ResultJson, NoValueIsNullAndNoKeyIsMissing) {
  run("INSERT INTO fact_service VALUES (1, 'shop', NULL, NULL, 1)");
  add_input(1, "commit/1", "a", to_us(at("2026-03-15")), "2026-03-20", "shallow");
  const Window window = utc_window("2026-03-01", "2026-04-01");
  EXPECT_EQ(to_json(shop("dora_commit_lead_time", window)), parsed(R"({
    "kpi": "dora_commit_lead_time", "version": 1, "unit": "seconds", "kind": "duration",
    "service": "shop", "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "n": 0,
    "stats": {"median": null, "p75": null, "p90": null, "lower": null, "upper": null},
    "excluded": {}, "adjusted": {}, "provisional": true,
    "coverage": [
      {"contract": "commit/1", "repository": "a", "from": "2026-03-15T00:00:00Z",
       "until": "2026-03-20T00:00:00Z", "reason": "shallow"},
      {"contract": "ref/1", "repository": null, "from": null, "until": null,
       "reason": "never collected"},
      {"contract": "deployment", "repository": null, "from": null, "until": null,
       "reason": "no deployment rule"}]})"));
  const json::value days = to_json(shop("deployment_days_per_week", window));
  EXPECT_EQ(days.at("stats"), parsed(R"({"value": null, "numerator": null, "denominator": null,
                                         "lower": null, "upper": null})"));
}

TEST_F(ResultJson, OfARate) {
  add_service(1, "shop");
  const json::value stats =
      to_json(shop("dora_deployment_frequency", utc_window("2026-03-01", "2026-03-29")))
          .at("stats");
  EXPECT_EQ(stats.at("value"), 0);
  EXPECT_EQ(stats.at("numerator"), 0);
  EXPECT_EQ(stats.at("denominator"), 28);
  EXPECT_EQ(stats.at("lower"), 0);
  EXPECT_NEAR(stats.at("upper").as_double(), 3.6888794541 / 28, 1e-9);
}

TEST_F(ResultJson, WholeNumbersAreWrittenWithoutExponent) {
  add_service(1, "shop");
  add_shipped_commit(1, "2026-03-10", "27h");
  const json::value result =
      to_json(shop("dora_commit_lead_time", utc_window("2026-03-01", "2026-04-01")));
  EXPECT_THAT(json::serialize(result.at("stats")), testing::HasSubstr(R"("median":97200,)"));
}

}  // namespace
}  // namespace baselined::kpi
