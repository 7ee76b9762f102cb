// --describe, with the real program and real files.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/worker/worker_process.h"

namespace baselined::worker {
namespace {

void expect_refused(const std::string& file, std::string_view reason) {
  const Exit exit = run_worker({"--describe", file});
  EXPECT_EQ(exit.status, 1);
  EXPECT_EQ(exit.output, "");
  EXPECT_TRUE(exit.errors.starts_with("baselined-worker: " + file + ": ")) << exit.errors;
  EXPECT_NE(exit.errors.find(reason), std::string::npos) << exit.errors;
  EXPECT_EQ(exit.errors.find('\n'), exit.errors.size() - 1) << exit.errors;
}

// A folder of this test alone: another user's files of the same name could be there.
class Folder {
 public:
  Folder() : path_(::testing::TempDir() + "describe-XXXXXX") {
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

TEST(Describe, PrintsTheManifest) {
  const Exit exit = run_worker({"--describe", plugin("scripted_plugin")});
  EXPECT_EQ(exit.status, 0) << exit.errors;
  EXPECT_EQ(
      exit.output,
      R"({"abi_major":0,"abi_minor":0,"id":"org.example.scripted","version":"1.2.3-rc.1",)"
      R"("summary":"Does what its options say","capabilities":["fs_read","threads"],)"
      R"("config_schema":{"type":"object","properties":{"do":{"type":"string"}}},)"
      R"("streams":[{"name":"things","contract":"thing/1","description":"All things.","columns":[)"
      R"({"name":"id","type":"text","key":true,"required":true,"personal":false,"description":"Its id."},)"
      R"({"name":"part","type":"integer","key":true,"required":true,"personal":false,"description":""},)"
      R"({"name":"at","type":"time","key":false,"required":false,"personal":false,"description":""},)"
      R"({"name":"size","type":"real","key":false,"required":false,"personal":false,"description":""},)"
      R"({"name":"owner","type":"text","key":false,"required":false,"personal":true,"description":""}]},)"
      R"({"name":"others","contract":"other/2","description":"","columns":[)"
      R"({"name":"name","type":"text","key":true,"required":true,"personal":false,"description":""}]}]})"
      "\n");
}

// As while somebody copies a new one over it.
TEST(Describe, APluginWhoseEndIsMissingIsRefusedAtAnyLength) {
  const Folder folder;
  const std::string file = folder.file("cut.so");
  std::filesystem::copy(plugin("scripted_plugin"), file);
  for (const std::uintmax_t length : {8192U, 4096U, 1000U}) {
    std::filesystem::resize_file(file, length);
    expect_refused(file, "it cannot be loaded: its end is missing; install it again");
  }
  std::filesystem::resize_file(file, 10);
  expect_refused(file, "it cannot be loaded: file too short");
}

// By hand, say.
TEST(Describe, WithoutAPluginOnItsDescriptorItSaysWhoStartsIt) {
  const Exit exit = run_worker({"--describe", "/nonexistent/x.so"});
  EXPECT_EQ(exit.status, 1);
  EXPECT_NE(exit.errors.find("baselined plugins show NAME"), std::string::npos) << exit.errors;
}

TEST(Describe, AFileThatIsNoLibraryGivesTheLinkersReason) {
  const Folder folder;
  const std::string file = folder.file("garbage.so");
  std::ofstream(file) << "this is no library";
  expect_refused(file, "it cannot be loaded: ");
}

TEST(Describe, ALibraryThatIsNoPluginIsRefused) {
  expect_refused(plugin("no_plugin"), "it does not export bl_plugin_main_v0");
}

TEST(Describe, APluginOfAnotherMajorIsNamedAsSuch) {
  expect_refused(plugin("other_major_plugin"), "it exports bl_plugin_main_v3");
}

TEST(Describe, APluginThatNeedsANewerHostIsRefused) {
  expect_refused(plugin("newer_host_plugin"), "needs a newer baselined");
}

TEST(Describe, ADescriptorThatIsTooShortIsNotRead) {
  expect_refused(plugin("broken_descriptor_plugin"), "its descriptor has 8 bytes");
}

TEST(Describe, AWrongCommandLineShowsTheUsage) {
  const Exit exit = run_worker({"--describe"});
  EXPECT_EQ(exit.status, 2);
  EXPECT_NE(exit.errors.find("usage: baselined-worker"), std::string::npos);
}

}  // namespace
}  // namespace baselined::worker
