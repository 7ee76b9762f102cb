// The real worker with a real plugin, into a real store.
#include <gmock/gmock.h>

#include <array>
#include <filesystem>

#include "daemon/host/spawn.h"
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
    return run(described(TINY_PLUGIN), std::move(options));
  }

  static config::Collector described(const std::filesystem::path& file) {
    config::Collector collector;
    collector.name = "shop";
    collector.plugin_file = file;
    auto manifest = Plugins(REAL_WORKER).describe(file, config::SandboxPolicy::automatic);
    EXPECT_TRUE(manifest.has_value()) << manifest.error().message();
    collector.manifest = *std::move(manifest);
    return collector;
  }

  RunReport run(config::Collector collector, json::object options) {
    RunRequest request;
    request.collector = std::move(collector);
    request.collector.options = std::move(options);
    auto sink = store_->record_sink("shop", ++run_, clock_);
    EXPECT_TRUE(sink.has_value()) << sink.error().message();
    return world_.run_into(std::move(request), *std::move(sink));
  }

  std::int64_t rows() {
    const auto count = store_->connection().integer("SELECT count(*) FROM view_ref_1");
    EXPECT_TRUE(count.has_value()) << count.error().message();
    return count.value_or(-1);
  }

  // Of the plugin, for a test to replace.
  static std::filesystem::path copy() {
    const std::filesystem::path file = empty_directory("copy") / "tiny.so";
    std::filesystem::copy(TINY_PLUGIN, file);
    return file;
  }
  static void replace(const std::filesystem::path& file, const std::filesystem::path& by) {
    const std::filesystem::path next = file.parent_path() / "next";
    std::filesystem::copy(by, next);
    std::filesystem::rename(next, file);
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

TEST_F(WorkerTest, RefusesAPluginOfAnotherVersionThanTheConfigurationWasReadWith) {
  const auto file = copy();
  const config::Collector collector = described(file);
  replace(file, TINY_PLUGIN_LATER);
  const RunReport report = run(collector, {{"refs", 3}});
  ASSERT_EQ(report.outcome(), "config");
  EXPECT_EQ(report.failure->message(),
            file.string() +
                " is now plugin org.example.tiny 1.1.0, it was org.example.tiny 1.0.0 "
                "when the configuration was read: reload the daemon");
  EXPECT_EQ(rows(), 0);
}

// The same names in another order would be stored in each other's place.
TEST_F(WorkerTest, RefusesAPluginOfTheSameVersionWithOtherStreams) {
  const auto file = copy();
  const config::Collector collector = described(file);
  replace(file, TINY_PLUGIN_OTHER_ORDER);
  const RunReport report = run(collector, {{"refs", 3}});
  ASSERT_EQ(report.outcome(), "config");
  EXPECT_EQ(report.failure->message(),
            file.string() +
                " is another org.example.tiny 1.0.0 than when the configuration was "
                "read, with other streams or options: reload the daemon");
  EXPECT_EQ(rows(), 0);
}

TEST_F(WorkerTest, IsGivenWhatWasCheckedAlsoWhenTheFileIsCutMeanwhile) {
  const auto file = copy();
  const auto image = PluginImage::read(file);
  ASSERT_TRUE(image) << image.error().message();
  std::filesystem::resize_file(file, 4096);
  SpawnRequest request;
  request.arguments = {REAL_WORKER, "--describe", file.string()};
  request.plugin = (*image)->bytes().get();
  Result<Spawned> spawned = spawn(request);
  ASSERT_TRUE(spawned) << spawned.error().message();
  std::array<char, 100> begin = {};
  EXPECT_GT(::read(spawned->output.get(), begin.data(), begin.size()), 0);
  spawned->output.close();
  EXPECT_THAT(std::string(begin.data(), begin.size()), HasSubstr("org.example.tiny"));
  EXPECT_EQ(spawned->process.reap().signal, 0);
}

TEST_F(WorkerTest, APluginThatIsCutWhileItIsInUseFailsItsNextRunAndNoOther) {
  const auto file = copy();
  const config::Collector collector = described(file);
  ASSERT_EQ(run(collector, {{"refs", 3}}).outcome(), "ok");
  std::filesystem::resize_file(file, 4096);
  const RunReport report = run(collector, {{"refs", 3}});
  EXPECT_NE(report.outcome(), "ok");
  EXPECT_THAT(report.failure->message(), HasSubstr("its end is missing; install it again"));
  EXPECT_EQ(rows(), 3);
  replace(file, TINY_PLUGIN);
  EXPECT_EQ(run(collector, {{"refs", 3}}).outcome(), "ok");
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
