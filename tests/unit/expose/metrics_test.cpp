#include "daemon/expose/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/unit/expose/example.h"

namespace baselined::expose {
namespace {

using kpi::Definition;
using kpi::KpiResult;
using test::value_of;
using testing::HasSubstr;
using testing::Not;

Definition definition(const std::string& id, const std::string& unit) {
  Definition definition;
  definition.id = id;
  definition.unit = unit;
  definition.title_en = "Title of " + id;
  definition.layer = "activity";
  definition.better = "lower";
  return definition;
}

const Definition& lead_time() {
  static const Definition kDefinition = definition("lead_time", "seconds");
  return kDefinition;
}

KpiResult result(const std::string& service, const std::string& window = "28d") {
  KpiResult result;
  result.definition = &lead_time();
  result.service = service;
  result.window.name = window;
  result.n = 3;
  result.stats = {{"median", 60}};
  return result;
}

std::string render(const std::vector<KpiResult>& results) {
  return render_kpis({}, results, 10'000).text;
}

TEST(MetricName, EndsInTheBaseUnitOnce) {
  EXPECT_EQ(metric_name(definition("dora_deployment_frequency", "per_day")),
            "baselined_dora_deployment_frequency_per_day");
  EXPECT_EQ(metric_name(definition("deploys_per_week", "per_week")), "baselined_deploys_per_week");
  EXPECT_EQ(metric_name(definition("ci_success", "")), "baselined_ci_success");
}

TEST(MetricName, NamesNoUnitOfTimeButSeconds) {
  EXPECT_EQ(metric_name(definition("deployment_days_per_week", "days")),
            "baselined_deployment_day_per_week");
  EXPECT_EQ(metric_name(definition("weeks_hours", "per_day")), "baselined_week_hour_per_day");
  EXPECT_EQ(metric_name(definition("lead_time", "seconds")), "baselined_lead_time_seconds");
}

TEST(MetricName, IsANameWhateverTheDefinitionSays) {
  EXPECT_EQ(metric_name(definition("a-b c", "%")), "baselined_a_b_c__");
}

TEST(RenderKpis, WritesEveryStatisticAndTheInterval) {
  KpiResult all = result("shop");
  all.stats = {{"median", 60}, {"p75", 90.5}, {"p90", 1e7}};
  all.lower = 50;
  all.upper = 70;
  const std::string text = render({all});
  const auto value = [&](const std::string& stat) {
    return value_of(
        text, "baselined_lead_time_seconds{service=\"shop\",window=\"28d\",stat=\"" + stat + "\"}");
  };
  EXPECT_EQ(value("median"), "60");
  EXPECT_EQ(value("p75"), "90.5");
  EXPECT_EQ(value("p90"), "10000000");
  EXPECT_EQ(value("lower"), "50");
  EXPECT_EQ(value("upper"), "70");
  EXPECT_THAT(text, HasSubstr("# TYPE baselined_lead_time_seconds gauge\n"));
  EXPECT_THAT(text, HasSubstr("# HELP baselined_lead_time_seconds Title of lead_time\n"));
}

TEST(RenderKpis, WritesSampleSizeAndWhetherItIsProvisional) {
  KpiResult settled = result("shop", "7d");
  settled.provisional = false;
  const std::string text = render({result("shop"), settled});
  const std::string labels = "{kpi=\"lead_time\",service=\"shop\",window=";
  EXPECT_EQ(value_of(text, "baselined_kpi_sample_size" + labels + "\"28d\"}"), "3");
  EXPECT_EQ(value_of(text, "baselined_kpi_provisional" + labels + "\"28d\"}"), "1");
  EXPECT_EQ(value_of(text, "baselined_kpi_provisional" + labels + "\"7d\"}"), "0");
}

TEST(RenderKpis, SaysWhatWasAdjusted) {
  KpiResult adjusted = result("shop");
  adjusted.adjusted = {{"clamped", 1}, {"deployment_time_from_commit", 2}};
  const std::string text = render({adjusted, result("web")});
  const std::string labels = "{kpi=\"lead_time\",service=\"shop\",window=\"28d\",reason=";
  EXPECT_EQ(value_of(text, "baselined_kpi_adjusted" + labels + "\"clamped\"}"), "1");
  EXPECT_EQ(value_of(text, "baselined_kpi_adjusted" + labels + "\"deployment_time_from_commit\"}"),
            "2");
  EXPECT_THAT(text, Not(HasSubstr("baselined_kpi_adjusted{kpi=\"lead_time\",service=\"web\"")));
}

TEST(RenderKpis, HasNoSampleForWhatHasNoValue) {
  KpiResult none = result("shop");
  none.n = 0;
  none.stats.clear();
  none.lower = std::numeric_limits<double>::quiet_NaN();
  none.upper = std::numeric_limits<double>::infinity();
  const std::string text = render({none});
  EXPECT_THAT(text, Not(HasSubstr("lead_time_seconds")));
  EXPECT_EQ(
      value_of(text,
               "baselined_kpi_sample_size{kpi=\"lead_time\",service=\"shop\",window=\"28d\"}"),
      "0");
}

TEST(RenderKpis, NeverWritesNan) {
  KpiResult odd = result("shop");
  odd.stats = {{"median", std::nan("")}, {"p75", -std::numeric_limits<double>::infinity()}};
  const std::string text = render({odd});
  EXPECT_THAT(text, Not(testing::ContainsRegex("[Nn][Aa][Nn]|[Ii]nf")));
}

TEST(RenderKpis, DescribesEveryDefinitionEvenWithoutResults) {
  const std::vector<Definition> definitions = {lead_time()};
  EXPECT_EQ(value_of(render_kpis(definitions, {}, 10'000).text,
                     "baselined_kpi_info{kpi=\"lead_time\",unit=\"seconds\",kind=\"rate\","
                     "layer=\"activity\",better=\"lower\",version=\"1\"}"),
            "1");
}

TEST(RenderKpis, EscapesLabels) {
  EXPECT_THAT(render({result("a\"b\\c\nd\xFF")}),
              HasSubstr("service=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\""));
}

TEST(RenderKpis, LeavesOutDoublesAndExplicitSpans) {
  KpiResult other = result("shop");
  other.stats["median"] = 61;
  const std::string text = render({result("shop"), other, result("late", "")});
  EXPECT_THAT(text, HasSubstr("stat=\"median\"} 60\n"));
  EXPECT_THAT(text, Not(HasSubstr(" 61\n")));
  EXPECT_THAT(text, Not(HasSubstr("late")));
}

TEST(RenderKpis, CutsWholeResultsAtTheCapAndSaysSo) {
  const std::vector<KpiResult> results = {result("a"), result("b"), result("c")};
  const KpiBody body = render_kpis({}, results, 7);
  EXPECT_EQ(body.series, 6U);
  EXPECT_EQ(body.cut_series, 3U);
  EXPECT_THAT(body.text, HasSubstr("service=\"b\""));
  EXPECT_THAT(body.text, Not(HasSubstr("service=\"c\"")));
  EXPECT_EQ(value_of(body.text, "baselined_kpi_cut_series"), "3");
}

TEST(RenderKpis, CutsNothingBelowTheCap) {
  const KpiBody body = render_kpis({}, std::vector{result("a")}, 3);
  EXPECT_EQ(body.series, 3U);
  EXPECT_EQ(value_of(body.text, "baselined_kpi_cut_series"), "0");
}

TEST(RenderKpis, DoesNotDependOnTheOrderOfResults) {
  EXPECT_EQ(render({result("a"), result("b", "7d")}), render({result("b", "7d"), result("a")}));
}

TEST(RenderKpis, CompressesWhatItWrote) {
  const KpiBody body = render_kpis({}, std::vector{result("a")}, 10'000);
  const DeflatedPart* parts[] = {&body.deflated};
  EXPECT_EQ(test::gunzip(join_gzip(parts)), body.text);
}

}  // namespace
}  // namespace baselined::expose
