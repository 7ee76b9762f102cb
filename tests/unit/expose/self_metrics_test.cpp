#include "daemon/expose/self_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/unit/expose/example.h"

namespace baselined::expose {
namespace {

using test::example_collector;
using test::example_time;
using test::value_of;
using testing::HasSubstr;
using testing::Not;

class SelfMetricsOfGit : public testing::Test {
 protected:
  SelfMetricsOfGit() { configure({"git"}); }

  void configure(const std::vector<std::string>& names) {
    std::vector<CollectorInfo> collectors;
    for (const std::string& name : names) {
      collectors.push_back(example_collector(name));
    }
    metrics_.set_collectors(collectors);
  }
  void finish(const std::string& outcome, int exit_signal = 0) {
    FinishedRun run;
    run.collector = "git";
    run.outcome = outcome;
    run.finished_at = example_time();
    run.duration = std::chrono::milliseconds(2500);
    run.exit_signal = exit_signal;
    metrics_.run_finished(run);
  }
  // Of the series baselined_collector_<name>{collector="git"<more labels>}.
  std::string value(const std::string& name, const std::string& labels = "") {
    return value_of(metrics_.render(),
                    "baselined_collector_" + name + "{collector=\"git\"" + labels + "}");
  }

  SelfMetrics metrics_{"1.2.3"};
};

TEST_F(SelfMetricsOfGit, CountsFromZeroBeforeTheFirstFailure) {
  for (const char* outcome : {"ok", "config", "auth", "rate_limited", "transient", "data",
                              "cancelled", "unsupported", "internal", "limit"}) {
    EXPECT_EQ(value("runs_total", std::string(",outcome=\"") + outcome + "\""), "0") << outcome;
  }
  EXPECT_EQ(value("worker_exits_total", ",signal=\"SIGSEGV\""), "0");
  EXPECT_EQ(value("records_total", ",contract=\"ref/1\",op=\"removed\""), "0");
  EXPECT_EQ(value("parked", ",reason=\"auth\""), "0");
  EXPECT_EQ(value("parked", ",reason=\"disk_full\""), "0");
  EXPECT_EQ(value("skipped_slots_total"), "0");
  EXPECT_EQ(value("discarded_rows_total"), "0");
  EXPECT_EQ(value("consecutive_failures"), "0");
  EXPECT_EQ(value_of(metrics_.render(), "baselined_kpi_refresh_failures_total"), "0");
}

TEST_F(SelfMetricsOfGit, SaysNothingOfWhatWasNeverMeasured) {
  const std::string text = metrics_.render();
  for (const char* name : {"last_success", "run_duration", "store_size", "last_commit",
                           "refresh_duration", "last_refresh"}) {
    EXPECT_THAT(text, Not(HasSubstr(name)));
  }
}

TEST_F(SelfMetricsOfGit, TellsTheVersion) {
  EXPECT_EQ(value_of(metrics_.render(), "baselined_build_info{version=\"1.2.3\"}"), "1");
}

TEST_F(SelfMetricsOfGit, CountsARun) {
  FinishedRun run;
  run.collector = "git";
  run.outcome = "ok";
  run.finished_at = example_time();
  run.duration = std::chrono::milliseconds(2500);
  run.records["commit/1"] = {5, 4, 3, 2};
  run.discarded_rows = 9;
  metrics_.run_finished(run);
  metrics_.run_finished(run);
  EXPECT_EQ(value("runs_total", ",outcome=\"ok\""), "2");
  EXPECT_EQ(value("run_duration_seconds"), "2.5");
  EXPECT_EQ(value("last_success_timestamp_seconds"), "1772352000");
  EXPECT_EQ(value("records_total", ",contract=\"commit/1\",op=\"inserted\""), "10");
  EXPECT_EQ(value("records_total", ",contract=\"commit/1\",op=\"updated\""), "8");
  EXPECT_EQ(value("records_total", ",contract=\"commit/1\",op=\"removed\""), "6");
  EXPECT_EQ(value("records_total", ",contract=\"commit/1\",op=\"unchanged\""), "4");
  EXPECT_EQ(value("discarded_rows_total"), "18");
}

TEST_F(SelfMetricsOfGit, CountsFailuresInARow) {
  finish("transient");
  finish("internal", SIGSEGV);
  EXPECT_EQ(value("consecutive_failures"), "2");
  EXPECT_EQ(value("last_success_timestamp_seconds"), "");
  EXPECT_EQ(value("worker_exits_total", ",signal=\"SIGSEGV\""), "1");
  finish("cancelled");  // by us: no failure of the collector
  EXPECT_EQ(value("consecutive_failures"), "2");
  finish("ok");
  EXPECT_EQ(value("consecutive_failures"), "0");
  EXPECT_EQ(value("runs_total", ",outcome=\"transient\""), "1");
}

TEST_F(SelfMetricsOfGit, NamesAnUnusualSignalToo) {
  finish("internal", SIGRTMIN + 3);
  finish("internal", SIGFPE);
  EXPECT_EQ(value("worker_exits_total", ",signal=\"" + std::to_string(SIGRTMIN + 3) + "\""), "1");
  EXPECT_EQ(value("worker_exits_total", ",signal=\"SIGFPE\""), "1");
}

TEST_F(SelfMetricsOfGit, IsParkedForOneReasonAtMost) {
  metrics_.set_parked("git", "auth");
  metrics_.set_parked("git", "moon");
  EXPECT_EQ(value("parked", ",reason=\"auth\""), "0");
  EXPECT_EQ(value("parked", ",reason=\"moon\""), "1");
  metrics_.set_parked("git", "");
  EXPECT_EQ(value("parked", ",reason=\"moon\""), "0");
}

TEST_F(SelfMetricsOfGit, ParksOnlyTheOneThatIsMeant) {
  configure({"git", "other"});
  metrics_.set_parked("other", "auth");
  metrics_.set_parked("git", "config");
  EXPECT_THAT(metrics_.render(),
              HasSubstr("baselined_collector_parked{collector=\"other\",reason=\"auth\"} 1\n"));
}

TEST_F(SelfMetricsOfGit, KeepsCountersOverAReload) {
  finish("transient");
  configure({"git", "other"});
  EXPECT_EQ(value("runs_total", ",outcome=\"transient\""), "1");
  EXPECT_THAT(metrics_.render(), HasSubstr("collector=\"other\""));
}

TEST_F(SelfMetricsOfGit, ForgetsACollectorThatLeft) {
  test::tell_everything(metrics_);
  configure({"other"});
  finish("ok");  // a run that ends after the reload
  metrics_.set_parked("git", "auth");
  metrics_.add_skipped_slots("git", 1);
  metrics_.set_last_success("git", example_time());
  const std::string text = metrics_.render();
  EXPECT_THAT(text, Not(HasSubstr("\"git\"")));
  EXPECT_THAT(text, HasSubstr("\"other\""));
}

TEST_F(SelfMetricsOfGit, StartsAgainAtZeroWhenACollectorComesBack) {
  finish("transient");
  configure({});
  configure({"git"});
  EXPECT_EQ(value("runs_total", ",outcome=\"transient\""), "0");
}

TEST_F(SelfMetricsOfGit, KnowsWhetherItWasToldAnything) {
  EXPECT_TRUE(metrics_.is_changed());
  metrics_.render();
  EXPECT_FALSE(metrics_.is_changed());
  finish("ok");
  EXPECT_TRUE(metrics_.is_changed());
}

TEST_F(SelfMetricsOfGit, TellsAboutStoreAndRefresh) {
  test::tell_everything(metrics_);
  const std::string text = metrics_.render();
  EXPECT_EQ(value_of(text, "baselined_store_size_bytes"), "4096");
  EXPECT_EQ(value_of(text, "baselined_store_wal_bytes"), "1024");
  EXPECT_EQ(value_of(text, "baselined_store_last_commit_timestamp_seconds"), "1772352000");
  EXPECT_EQ(value_of(text, "baselined_kpi_refresh_duration_seconds"), "0.02");
  EXPECT_EQ(value_of(text, "baselined_kpi_last_refresh_timestamp_seconds"), "1772352000");
  EXPECT_EQ(value_of(text, "baselined_kpi_refresh_failures_total"), "1");
}

TEST_F(SelfMetricsOfGit, ARefusedReloadShowsAndTheLastGoodOneKeepsItsTime) {
  const std::string good = "baselined_config_last_reload_successful";
  const std::string at = "baselined_config_last_reload_success_timestamp_seconds";
  metrics_.config_loaded(from_us(7'000'000));
  EXPECT_EQ(value_of(metrics_.render(), good), "1");
  metrics_.config_refused();
  EXPECT_EQ(value_of(metrics_.render(), good), "0");
  EXPECT_EQ(value_of(metrics_.render(), at), "7");
}

}  // namespace
}  // namespace baselined::expose
