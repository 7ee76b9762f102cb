#include "project.h"

#include <fnmatch.h>

#include <algorithm>
#include <baselined/pages.hpp>
#include <baselined/repository.hpp>

#include "item.h"

namespace baselined::gitlab {
namespace {

constexpr std::int64_t kCenturyS = 100LL * 366 * 24 * 3600;

// Of "https://example.org/gitlab/group/shop" what is before the path.
std::string root_of(std::string_view web_url, const std::string& path) {
  const std::string below = "/" + path;
  return web_url.ends_with(below) ? std::string(web_url.substr(0, web_url.size() - below.size()))
                                  : std::string();
}

bool is_enabled(const Item& item, std::string_view feature) {
  return item.text_if(feature).value_or("enabled") != "disabled";
}

Project project_of(const Item& item) {
  Project project;
  project.id = item.integer("id");
  project.path = std::string(item.text("path_with_namespace"));
  const std::string_view origin =
      item.has("http_url_to_repo") ? item.text("http_url_to_repo") : item.text("web_url");
  project.identity = repository_identity(origin, project.path);
  project.root = root_of(item.text_if("web_url").value_or(""), project.path);
  constexpr std::string_view kKept = "ci_delete_pipelines_in_seconds";
  project.tells_keeps_pipelines = item.is_told(kKept);
  if (const auto seconds = item.integer_if(kKept)) {
    project.keeps_pipelines_us = std::clamp<std::int64_t>(*seconds, 0, kCenturyS) * 1'000'000;
  }
  project.has_merge_requests = is_enabled(item, "merge_requests_access_level");
  project.has_ci = is_enabled(item, "builds_access_level");
  project.has_issues = is_enabled(item, "issues_access_level");
  project.has_commits =
      is_enabled(item, "repository_access_level") && !item.boolean_if("empty_repo").value_or(false);
  return project;
}

// * and ? match slashes too, so that group/* has the projects of subgroups.
bool matches(const std::string& pattern, const std::string& path) {
  return ::fnmatch(pattern.c_str(), path.c_str(), FNM_NOESCAPE) == 0;
}

// GitLab keeps a deleted project for some time, under another path: as a new one it would count a
// second time.
bool is_to_be_deleted(const Item& item, const Project& project) {
  return item.has("marked_for_deletion_on") ||
         project.path.find("-deletion_scheduled-") != std::string::npos;
}

}  // namespace

std::string Project::url(std::string_view what) const {
  return "/projects/" + std::to_string(id) + "/" + std::string(what);
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?") != std::string_view::npos;
}

Project read_project(Api& api, const std::string& path) {
  return project_of(Item(api.get("/projects/" + url_encoded(path))));
}

std::vector<Project> find_projects(Api& api, const std::string& pattern) {
  const std::size_t wildcard = pattern.find_first_of("*?");
  const std::string group = pattern.substr(0, pattern.rfind('/', wildcard));
  std::vector<Project> projects;
  api.for_each("/groups/" + url_encoded(group) +
                   "/projects?include_subgroups=true&archived=false&order_by=id&sort=asc"
                   "&per_page=100",
               [&](const boost::json::value& value) {
                 const Item item(value);
                 Project project = project_of(item);
                 if (matches(pattern, project.path) && !is_to_be_deleted(item, project)) {
                   projects.push_back(std::move(project));
                 }
               });
  return projects;
}

}  // namespace baselined::gitlab
