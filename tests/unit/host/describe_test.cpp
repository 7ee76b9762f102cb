#include <gmock/gmock.h>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::HasSubstr;

Error failure_of(const std::string& behaviour) {
  Result<config::PluginManifest> manifest = describe(FAKE_WORKER, "/plugins/" + behaviour);
  EXPECT_FALSE(manifest.has_value());
  return manifest ? Error(Error::Code::internal, "") : manifest.error();
}

TEST(Describe, ReadsTheManifest) {
  const auto manifest = describe(FAKE_WORKER, "/plugins/manifest");
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message();
  EXPECT_EQ(manifest->id, "org.example.fake");
}

TEST(Describe, SaysWhyAFileIsNoPlugin) {
  const Error error = failure_of("no_plugin");
  EXPECT_EQ(error.code(), Error::Code::config);
  EXPECT_EQ(error.message(), "/plugins/no_plugin: it exports no entry");
}

TEST(Describe, SurvivesACrash) {
  const Error error = failure_of("crash");
  EXPECT_EQ(error.code(), Error::Code::config);
  EXPECT_THAT(error.message(), HasSubstr("SIGSEGV"));
}

TEST(Describe, RefusesAManifestThatMakesNoSense) {
  const Error error = failure_of("nonsense");
  EXPECT_EQ(error.code(), Error::Code::data);
  EXPECT_THAT(error.message(), HasSubstr("/plugins/nonsense"));
}

TEST(Describe, RefusesAnEndlessManifest) {
  EXPECT_THAT(failure_of("endless").message(), HasSubstr("larger than 1 MiB"));
}

TEST(Describe, KillsAWorkerThatHangs) {
  const std::size_t descriptors = count_descriptors();
  const auto manifest =
      describe(FAKE_WORKER, "/plugins/closed_and_hanging", std::chrono::milliseconds(300));
  ASSERT_FALSE(manifest.has_value());
  EXPECT_THAT(manifest.error().message(), HasSubstr("did not describe itself within 300ms"));
  EXPECT_FALSE(has_children());
  EXPECT_EQ(count_descriptors(), descriptors);
}

TEST(Describe, NeedsAWorker) {
  const auto manifest = describe("/nowhere/baselined-worker", "/plugins/manifest");
  ASSERT_FALSE(manifest.has_value());
  EXPECT_EQ(manifest.error().code(), Error::Code::config);
}

}  // namespace
}  // namespace baselined::host
