// The real worker with a real plugin, into a real store.
#include <gmock/gmock.h>

#include <filesystem>

#include "daemon/store/store.h"
#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::HasSubstr;

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() : state_dir_(empty_directory("worker")) {
    world_.options.plugins = std::make_shared<Plugins>(REAL_WORKER);
    auto store = store::Store::open(state_dir_, records::Contracts::built_in());
    EXPECT_TRUE(store.has_value()) << store.error().message();
    store_ = *std::move(store);
  }

  RunReport collect(json::object options) {
    RunRequest request;
    request.collector.name = "shop";
    request.collector.plugin_file = TINY_PLUGIN;
    request.collector.options = std::move(options);
    auto manifest = Plugins(REAL_WORKER).describe(TINY_PLUGIN, config::SandboxPolicy::automatic);
    EXPECT_TRUE(manifest.has_value()) << manifest.error().message();
    request.collector.manifest = *std::move(manifest);
    auto sink = store_->record_sink("shop", ++run_, clock_);
    EXPECT_TRUE(sink.has_value()) << sink.error().message();
    return world_.run_into(std::move(request), *std::move(sink));
  }

  std::int64_t rows() {
    const auto count = store_->connection().integer("SELECT count(*) FROM view_ref_1");
    EXPECT_TRUE(count.has_value()) << count.error().message();
    return count.value_or(-1);
  }

  std::filesystem::path state_dir_;
  SystemClock clock_;
  std::int64_t run_ = 0;
  std::unique_ptr<store::Store> store_;  // outlives the sinks of the world
  HostWorld world_;
};

TEST_F(WorkerTest, CollectsAndGoesOnFromItsCursor) {
  RunReport report = collect({{"refs", 3000}});
  ASSERT_EQ(report.outcome(), "ok") << report.failure->message();
  EXPECT_EQ(report.counts.at("ref/1").inserted, 3000U);
  EXPECT_GT(report.peak_memory_kib, 0U);
  report = collect({{"refs", 2}});
  ASSERT_EQ(report.outcome(), "ok") << report.failure->message();
  EXPECT_EQ(report.counts.at("ref/1").inserted, 2U);
  EXPECT_EQ(rows(), 3002);
}

TEST_F(WorkerTest, AFailureOfThePluginStoresNothing) {
  const RunReport report = collect({{"refs", 3000}, {"fail", true}});
  EXPECT_NE(report.outcome(), "ok");
  EXPECT_THAT(report.failure->message(), HasSubstr("plugin org.example.tiny: out of thin air"));
  EXPECT_EQ(rows(), 0);
}

TEST_F(WorkerTest, DescribeSaysThatAFileIsNoPlugin) {
  const auto manifest =
      Plugins(REAL_WORKER).describe(REAL_WORKER, config::SandboxPolicy::automatic);
  ASSERT_FALSE(manifest.has_value());
  EXPECT_EQ(manifest.error().code(), Error::Code::config);
  EXPECT_THAT(manifest.error().message(), HasSubstr(REAL_WORKER));
}

TEST_F(WorkerTest, DescribeSaysThatAFileIsMissing) {
  const auto manifest =
      Plugins(REAL_WORKER).describe("/nowhere/plugin.so", config::SandboxPolicy::automatic);
  ASSERT_FALSE(manifest.has_value());
  EXPECT_EQ(manifest.error().code(), Error::Code::config);
  EXPECT_THAT(manifest.error().message(), HasSubstr("/nowhere/plugin.so"));
}

}  // namespace
}  // namespace baselined::host
