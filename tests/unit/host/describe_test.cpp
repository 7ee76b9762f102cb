#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::HasSubstr;

Result<config::PluginManifest> describe(
    const std::filesystem::path& worker, const std::filesystem::path& file,
    std::chrono::milliseconds deadline = std::chrono::seconds(5)) {
  return Plugins(worker, deadline).describe(file, config::SandboxPolicy::automatic);
}

Error failure_of(const std::string& behaviour) {
  Result<config::PluginManifest> manifest = describe(FAKE_WORKER, fake_plugin(behaviour));
  EXPECT_FALSE(manifest.has_value());
  return manifest ? Error(Error::Code::internal, "") : manifest.error();
}

TEST(Describe, ReadsTheManifest) {
  const auto manifest = describe(FAKE_WORKER, fake_plugin("manifest"));
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message();
  EXPECT_EQ(manifest->id, "org.example.fake");
}

TEST(Describe, SaysWhyAFileIsNoPlugin) {
  const Error error = failure_of("no_plugin");
  EXPECT_EQ(error.code(), Error::Code::config);
  EXPECT_EQ(error.message(), fake_plugin("no_plugin").string() + ": it exports no entry");
}

TEST(Describe, SurvivesACrash) {
  const Error error = failure_of("crash");
  EXPECT_EQ(error.code(), Error::Code::config);
  EXPECT_THAT(error.message(), HasSubstr("SIGSEGV"));
}

TEST(Describe, RefusesAManifestThatMakesNoSense) {
  const Error error = failure_of("nonsense");
  EXPECT_EQ(error.code(), Error::Code::data);
  EXPECT_THAT(error.message(), HasSubstr(fake_plugin("nonsense").string()));
}

TEST(Describe, RefusesAnEndlessManifest) {
  EXPECT_THAT(failure_of("endless").message(), HasSubstr("larger than 1 MiB"));
}

TEST(Describe, KillsAWorkerThatHangs) {
  const std::size_t descriptors = count_descriptors();
  const auto manifest =
      describe(FAKE_WORKER, fake_plugin("closed_and_hanging"), std::chrono::milliseconds(300));
  ASSERT_FALSE(manifest.has_value());
  EXPECT_THAT(manifest.error().message(), HasSubstr("did not describe itself within 300ms"));
  EXPECT_FALSE(has_children());
  EXPECT_EQ(count_descriptors(), descriptors);
}

// By what is in the file: a reload asks no worker again.
TEST(Describe, AsksAWorkerOnceAsLongAsTheFileIsTheSame) {
  Plugins plugins(FAKE_WORKER);
  const auto file = fake_plugin("manifest");
  ASSERT_TRUE(plugins.describe(file, config::SandboxPolicy::automatic));
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  const auto before = *plugins.image(file);
  EXPECT_EQ(*plugins.image(file), before);
  std::ofstream(file) << "other bytes";
  const auto after = plugins.image(file);
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_NE((*after)->sha256(), before->sha256());
  std::filesystem::remove(file);
  EXPECT_FALSE(plugins.image(file));
}

TEST(Describe, NeedsAWorker) {
  const auto manifest = describe("/nowhere/baselined-worker", fake_plugin("manifest"));
  ASSERT_FALSE(manifest.has_value());
  EXPECT_EQ(manifest.error().code(), Error::Code::config);
}

}  // namespace
}  // namespace baselined::host
