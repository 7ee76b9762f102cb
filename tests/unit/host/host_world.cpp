#include "tests/unit/host/host_world.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace baselined::host {
namespace {

namespace asio = boost::asio;

config::ManifestColumn column(std::string name, CellType type, bool is_key) {
  return {std::move(name), type, is_key, true, false, ""};
}

}  // namespace

config::Collector fake_collector(const std::string& behaviour) {
  config::Collector collector;
  collector.name = "shop";
  collector.plugin_file = fake_plugin(behaviour);
  collector.manifest.id = "org.example.fake";
  collector.manifest.version = "1.0.0";
  config::ManifestStream refs{"refs", "ref/1", "", {}};
  for (const char* name : {"repository", "kind", "name", "target"}) {
    refs.columns.push_back(column(name, CellType::text, true));
  }
  refs.columns.push_back(column("sha", CellType::text, false));
  refs.columns.push_back(column("annotated", CellType::boolean, false));
  collector.manifest.streams.push_back(std::move(refs));
  return collector;
}

HostWorld::HostWorld() {
  options.plugins = std::make_shared<Plugins>(FAKE_WORKER);
  options.staging_dir = testing::TempDir();
  // Ample, for a worker that ends by itself on a busy machine. Tests of those that do not say less.
  options.kill_grace = std::chrono::seconds(3);
}

HostWorld::~HostWorld() { writer.join(); }

Host& HostWorld::host() {
  if (host_ == nullptr) {
    host_ =
        std::make_unique<Host>(context, writer.get_executor(),
                               std::make_shared<records::Pseudonymiser>("key", "test"), options);
  }
  return *host_;
}

RunReport HostWorld::run(const std::string& behaviour) {
  RunRequest request;
  request.collector = fake_collector(behaviour);
  return run(std::move(request));
}

RunReport HostWorld::run(RunRequest request) {
  return run_into(std::move(request), std::make_unique<FakeSink>(sink));
}

RunReport HostWorld::run_into(RunRequest request, std::unique_ptr<records::RecordSink> into) {
  request.collector.timeout = timeout;
  RunReport result;
  bool has_result = false;
  asio::co_spawn(context, host().run(std::move(request), std::move(into), on_progress),
                 [&](const std::exception_ptr& error, RunReport report) {
                   EXPECT_FALSE(error) << "run() must not throw";
                   result = std::move(report);
                   has_result = true;
                 });
  context.restart();
  context.run();
  EXPECT_TRUE(has_result);
  return result;
}

namespace {

// Goes with the process.
struct Directories {
  Directories() = default;
  Directories(const Directories&) = delete;
  Directories& operator=(const Directories&) = delete;
  ~Directories() {
    for (const std::filesystem::path& path : paths) {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  }
  std::vector<std::filesystem::path> paths;
};

}  // namespace

std::filesystem::path empty_directory(const std::string& name) {
  static Directories kept;
  const std::filesystem::path directory = std::filesystem::path(testing::TempDir()) /
                                          ("baselined-" + name + "-" + std::to_string(::getpid()));
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all);
  kept.paths.push_back(directory);
  return directory;
}

std::filesystem::path fake_plugin(const std::string& behaviour) {
  static const std::filesystem::path kFolder = empty_directory("plugins");
  const std::filesystem::path file = kFolder / behaviour;
  if (!std::filesystem::exists(file)) {
    std::ofstream(file) << "fake";
  }
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  return file;
}

std::size_t count_descriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

bool has_children() {
  siginfo_t info = {};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace baselined::host
