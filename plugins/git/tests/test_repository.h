// A repository in a temporary folder, made and asked by the git command line: the judge of the
// collector's answers. Dates and identities are fixed, so ids are the same everywhere.
//
// Every commit and tag is made one minute after the one before. A git command that fails fails the
// test. Not thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::git {

// A folder of its own below testing::TempDir(), empty at first.
std::filesystem::path fresh_folder(const std::string& name);

class TestRepository {
 public:
  static constexpr std::int64_t kFirstSeconds = 1'700'000'000;

  // In a fresh folder, by `git init <init_arguments>`.
  explicit TestRepository(const std::string& name, const std::string& init_arguments = "");
  // In this folder, which is one already.
  static TestRepository at(const std::filesystem::path& folder);

  std::string path() const { return folder_.string(); }

  // The output of `git -C <path> <arguments>` (for the shell), without line ends at its end.
  std::string git(const std::string& arguments) const;
  std::vector<std::string> lines(const std::string& arguments) const;

  // The date of the next commit or tag.
  void set_seconds(std::int64_t seconds) { seconds_ = seconds; }
  void set_author(const std::string& name, const std::string& email);

  void write(const std::string& file, std::string_view content) const;
  // Writes the file, commits, returns the id.
  std::string commit(const std::string& file, std::string_view content = "");
  std::string commit_empty();
  void tag(const std::string& name, const std::string& arguments = "",
           const std::string& target = "HEAD");
  // Stores an object as it is, whatever git thinks of it, and returns its id.
  std::string store(const std::string& type, std::string_view content) const;

  std::uint64_t count_all() const;

 private:
  TestRepository() = default;
  std::string run(const std::string& arguments) const;

  std::filesystem::path folder_;
  std::int64_t seconds_ = kFirstSeconds;
  std::string name_ = "Ada Example";
  std::string email_ = "Ada@Example.org";
};

// Its branch main has n commits in a line, a second apart, each of which changes a file.
TestRepository long_history(std::size_t n);

}  // namespace baselined::git
