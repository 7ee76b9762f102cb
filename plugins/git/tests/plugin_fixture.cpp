#include "plugins/git/tests/plugin_fixture.h"

namespace baselined::git {

std::string options_for(const std::vector<std::string>& paths, const std::string& more) {
  std::string text = R"({"repositories":[)";
  for (const std::string& path : paths) {
    text += (text.back() == '[' ? "\"" : ",\"") + path + "\"";
  }
  return text + "]" + more + "}";
}

sdk::RunResult PluginFixture::collect_paths(const std::vector<std::string>& paths,
                                            const std::string& more) {
  return host.collect(bl_plugin_main_v0(0), options_for(paths, more));
}

sdk::RunResult PluginFixture::collect(const TestRepository& repository, const std::string& more) {
  return collect_paths({repository.path()}, more);
}

std::set<std::string> PluginFixture::stored_commits() const {
  std::set<std::string> ids;
  for (const sdk::Row& row : host.records_of("commit/1")) {
    ids.insert(row.text("sha"));
  }
  return ids;
}

std::set<std::string> PluginFixture::stored_refs() const {
  std::set<std::string> refs;
  for (const sdk::Row& row : host.records_of("ref/1")) {
    refs.insert(row.text("kind") + " " + row.text("name") + " " + row.text("target") + " " +
                row.text("sha"));
  }
  return refs;
}

std::set<std::string> commits_of(const sdk::RunResult& run) {
  std::set<std::string> ids;
  for (const sdk::Row& row : run.rows_of("commit/1")) {
    ids.insert(row.text("sha"));
  }
  return ids;
}

std::set<std::string> all_commits(const TestRepository& repository) {
  const std::vector<std::string> ids = repository.lines("rev-list --all");
  return {ids.begin(), ids.end()};
}

std::string reason_of(const sdk::RunResult& run, const std::string& contract) {
  std::string reason = "none";
  for (const sdk::Coverage& coverage : run.coverage) {
    if (coverage.contract == contract) {
      reason = coverage.reason;
    }
  }
  return reason;
}

bool has_log(const sdk::RunResult& run, const std::string& words) {
  for (const sdk::LogLine& line : run.logs) {
    if (line.text.find(words) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace baselined::git
