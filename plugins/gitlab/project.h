// Which projects there are to collect, and what GitLab says of each.
//
// Threads: the run's. Errors: those of the API; Malformed where a project is not of the form that
// GitLab documents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api.h"

namespace baselined::gitlab {

struct Project {
  std::int64_t id = 0;
  std::string path;      // "group/name"
  std::string identity;  // "gitlab.example.org/group/name", as git's collector names it
  std::string root;      // "https://gitlab.example.org", as GitLab says; empty where it does not
  // GitLab deletes pipelines that are older, in microseconds. Nothing: none.
  std::optional<std::int64_t> keeps_pipelines_us;
  bool tells_keeps_pipelines = false;  // whether it does, which not every role may see
  // Of the parts of GitLab that a project can switch off.
  bool has_merge_requests = true;
  bool has_ci = true;
  bool has_issues = true;
  bool has_commits = true;

  std::string host() const { return identity.substr(0, identity.find('/')); }
  // "/projects/12/issues"
  std::string url(std::string_view what) const;
};

bool has_wildcard(std::string_view pattern);
Project read_project(Api& api, const std::string& path);
// Those whose path matches, in the order of their ids.
std::vector<Project> find_projects(Api& api, const std::string& pattern);

}  // namespace baselined::gitlab
