#include "plugins/git/tests/test_repository.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace baselined::git {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) { return "'" + text + "'"; }

// The folder of all folders of this process; goes with it.
struct Root {
  const fs::path path = fs::path(testing::TempDir()) / ("bl_git_" + std::to_string(::getpid()));
  Root() { fs::remove_all(path); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  ~Root() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

// Runs a command line that the test wrote itself.
std::string output_of(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) {
    ADD_FAILURE() << "cannot run " << command;
    return {};
  }
  std::string output;
  std::array<char, 4096> buffer{};
  std::size_t size = 0;
  while ((size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    output.append(buffer.data(), size);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << output;
  while (output.ends_with('\n')) {
    output.pop_back();
  }
  return output;
}

}  // namespace

fs::path fresh_folder(const std::string& name) {
  static const Root kRoot;
  static int number = 0;
  const fs::path folder = kRoot.path / std::to_string(++number) / name;
  fs::create_directories(folder);
  return folder;
}

TestRepository::TestRepository(const std::string& name, const std::string& init_arguments)
    : folder_(fresh_folder(name)) {
  run("init -q -b main " + init_arguments + " .");
}

TestRepository TestRepository::at(const fs::path& folder) {
  TestRepository repository;
  repository.folder_ = folder;
  return repository;
}

std::string TestRepository::git(const std::string& arguments) const { return run(arguments); }

std::vector<std::string> TestRepository::lines(const std::string& arguments) const {
  std::istringstream output(run(arguments));
  std::vector<std::string> all;
  for (std::string line; std::getline(output, line);) {
    all.push_back(line);
  }
  return all;
}

void TestRepository::set_author(const std::string& name, const std::string& email) {
  name_ = name;
  email_ = email;
}

void TestRepository::write(const std::string& file, std::string_view content) const {
  fs::create_directories((folder_ / file).parent_path());
  std::ofstream(folder_ / file, std::ios::binary) << content;
}

std::string TestRepository::commit(const std::string& file, std::string_view content) {
  write(file, content.empty() ? file + std::to_string(seconds_) : std::string(content));
  run("add -A .");
  return commit_empty();
}

std::string TestRepository::commit_empty() {
  run("commit -q --allow-empty -m message");
  seconds_ += 60;
  return run("rev-parse HEAD");
}

void TestRepository::tag(const std::string& name, const std::string& arguments,
                         const std::string& target) {
  run("tag " + arguments + " " + name + " " + target);
  seconds_ += 60;
}

std::string TestRepository::store(const std::string& type, std::string_view content) const {
  const fs::path file = fresh_folder("object") / "content";
  std::ofstream(file, std::ios::binary) << content;
  return run("hash-object --literally -w -t " + type + " " + quoted(file.string()));
}

std::uint64_t TestRepository::count_all() const {
  return std::stoull(run("rev-list --count --all"));
}

TestRepository long_history(std::size_t n) {
  TestRepository source("long");
  std::string stream;
  for (std::size_t number = 0; number < n; ++number) {
    const std::string content = std::to_string(number);
    stream += "commit refs/heads/main\ncommitter A <a@example.org> " +
              std::to_string(TestRepository::kFirstSeconds + static_cast<std::int64_t>(number)) +
              " +0000\ndata 0\nM 100644 inline file\ndata " + std::to_string(content.size()) +
              "\n" + content + "\n";
  }
  const fs::path file = fresh_folder("stream") / "stream";
  std::ofstream(file) << stream;
  source.git("fast-import --quiet < " + quoted(file.string()));
  source.set_seconds(TestRepository::kFirstSeconds + static_cast<std::int64_t>(n));
  return source;
}

std::string TestRepository::run(const std::string& arguments) const {
  const std::string date = "'@" + std::to_string(seconds_) + " +0100'";
  return output_of(
      "env -i PATH=\"$PATH\" HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 LC_ALL=C"
      " GIT_AUTHOR_NAME=" +
      quoted(name_) + " GIT_AUTHOR_EMAIL=" + quoted(email_) +
      " GIT_COMMITTER_NAME=Committer GIT_COMMITTER_EMAIL=committer@example.org"
      " GIT_AUTHOR_DATE=" +
      date + " GIT_COMMITTER_DATE=" + date +
      " git -c safe.directory='*' -c protocol.file.allow=always"
      " -c advice.detachedHead=false -C " +
      quoted(folder_.string()) + " " + arguments);
}

}  // namespace baselined::git
