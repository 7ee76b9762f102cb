#include "daemon/expose/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/expose/example.h"

namespace baselined::expose {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class PageOfADaemon : public testing::Test {
 protected:
  Answer get(std::string_view path) { return page_.answer(path, false, now_); }
  std::shared_ptr<const std::string> metrics() { return get("/metrics").text; }
  std::shared_ptr<const std::string> compressed() {
    return page_.answer("/metrics", true, now_).gzip;
  }
  static std::shared_ptr<const KpiBody> kpis(const std::string& service) {
    return std::make_shared<KpiBody>(
        render_kpis(kpi::Catalogue::built_in().all(), test::example_results(service), 10'000));
  }

  SteadyTime now_;
  SelfMetrics self_{"1.2.3"};
  Page page_{self_, [] { return std::string("{\"collectors\":[]}"); }};
};

TEST_F(PageOfADaemon, ShowsSelfMetricsBeforeTheFirstRefresh) {
  const Answer answer = get("/metrics");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(*answer.text, HasSubstr("baselined_build_info"));
  EXPECT_THAT(*answer.text, Not(HasSubstr("baselined_kpi_info")));
  EXPECT_THAT(test::gunzip(*compressed()), HasSubstr("baselined_build_info"));
}

TEST_F(PageOfADaemon, ShowsTheNewestKpisAndSelfMetrics) {
  page_.set_kpis(kpis("first"));
  EXPECT_THAT(*metrics(), HasSubstr("service=\"first\""));
  compressed();
  page_.set_kpis(kpis("second"));
  EXPECT_THAT(*metrics(), HasSubstr("service=\"second\""));
  EXPECT_THAT(*metrics(), Not(HasSubstr("service=\"first\"")));
  EXPECT_THAT(*metrics(), HasSubstr("baselined_build_info"));
  EXPECT_EQ(test::gunzip(*compressed()), *metrics());
}

TEST_F(PageOfADaemon, GivesOnlyTheFormThatWasAskedFor) {
  EXPECT_EQ(get("/metrics").gzip, nullptr);
  EXPECT_EQ(page_.answer("/metrics", true, now_).text, nullptr);
}

TEST_F(PageOfADaemon, SharesOneBodyAsLongAsNothingChanges) {
  page_.set_kpis(kpis("shop"));
  const auto text = metrics();
  const auto gzip = compressed();
  now_ += milliseconds(999);
  EXPECT_EQ(metrics(), text);
  EXPECT_EQ(compressed(), gzip);
  now_ += milliseconds(1);
  EXPECT_NE(metrics(), text);
  EXPECT_NE(compressed(), gzip);
}

TEST_F(PageOfADaemon, ShowsAChangeAtOnce) {
  metrics();
  compressed();
  self_.kpi_refresh_failed();
  EXPECT_THAT(*metrics(), HasSubstr("baselined_kpi_refresh_failures_total 1\n"));
  EXPECT_THAT(test::gunzip(*compressed()), HasSubstr("baselined_kpi_refresh_failures_total 1\n"));
}

TEST_F(PageOfADaemon, IsReadyWhenToldSo) {
  EXPECT_EQ(get("/readyz").status, 503U);
  EXPECT_EQ(*get("/readyz").text, "not ready: starting\n");
  page_.set_ready();
  EXPECT_EQ(get("/readyz").status, 200U);
  page_.set_not_ready("the store is full");
  EXPECT_EQ(get("/readyz").status, 503U);
  EXPECT_EQ(*get("/readyz").text, "not ready: the store is full\n");
}

TEST_F(PageOfADaemon, IsAliveBeforeItIsReady) { EXPECT_EQ(get("/livez").status, 200U); }

TEST_F(PageOfADaemon, PassesTheStatusOn) {
  const Answer answer = get("/status");
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(*answer.text, "{\"collectors\":[]}");
}

TEST_F(PageOfADaemon, ListsItsAddresses) {
  EXPECT_THAT(*get("/").text, StartsWith("baselined\n"));
  for (const char* path : {"/metrics", "/status", "/readyz", "/livez"}) {
    EXPECT_THAT(*get("/").text, HasSubstr(path));
    EXPECT_NE(get(path).status, 404U);
  }
}

TEST_F(PageOfADaemon, KnowsNoOtherPath) {
  for (const char* path : {"", "/metrics/", "/METRICS", "//metrics", "/%6Detrics", "/livez2"}) {
    EXPECT_EQ(get(path).status, 404U) << path;
  }
}

}  // namespace
}  // namespace baselined::expose
