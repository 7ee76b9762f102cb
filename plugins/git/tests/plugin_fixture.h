// Runs the plugin against a FakeHost, and words to ask what it did.
#pragma once

#include <baselined/plugin.h>
#include <baselined/testing/fake_host.h>

#include <set>
#include <string>
#include <vector>

#include "plugins/git/tests/test_repository.h"

namespace baselined::git {

inline constexpr std::int64_t kNow = 1'800'000'000'000'000;

// {"repositories":["<path>",...]<more>}; more begins with a comma.
std::string options_for(const std::vector<std::string>& paths, const std::string& more = "");

class PluginFixture {
 public:
  PluginFixture() { host.freeze_now(kNow); }

  sdk::RunResult collect_paths(const std::vector<std::string>& paths, const std::string& more = "");
  sdk::RunResult collect(const TestRepository& repository, const std::string& more = "");

  // "<sha>" of every stored commit.
  std::set<std::string> stored_commits() const;
  // "<kind> <name> <target> <sha>" of every stored ref.
  std::set<std::string> stored_refs() const;

  sdk::FakeHost host;
};

// Like stored_commits, of the rows of one run.
std::set<std::string> commits_of(const sdk::RunResult& run);
// What git lists with --all.
std::set<std::string> all_commits(const TestRepository& repository);
// The reason of the last coverage of this contract; "none" when there is no coverage.
std::string reason_of(const sdk::RunResult& run, const std::string& contract);
bool has_log(const sdk::RunResult& run, const std::string& words);

}  // namespace baselined::git
