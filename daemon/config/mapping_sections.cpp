// [[service]] and [[repository]].
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/config/sections.h"
#include "daemon/config/unique_name.h"

namespace baselined::config {
namespace {

constexpr std::chrono::hours kDay(24);
constexpr int kMostParts = 8;  // the most that path_depth of the git plugin can be

using Form = TableReader::ListForm;

struct Claim {
  std::string owner;
  Location where;
};
using Claims = std::map<std::string, Claim>;

std::vector<std::string> values_of(const std::vector<Text>& texts) {
  std::vector<std::string> values;
  values.reserve(texts.size());
  for (const Text& text : texts) {
    values.push_back(text.value);
  }
  return values;
}

// A list that is written holds something: an empty one would silently mean nothing.
void check_not_empty(TableReader& table, std::string_view key) {
  if (table.is_empty_array(key)) {
    table.problems().add(table.place_of_value(key),
                         fmt::format("'{}' must hold at least one string", key));
  }
}

// At least one string, each claimed by nobody before; of services with parts, each of those in it.
std::vector<std::string> read_claims(TableReader& table, std::string_view key, TextFormat format,
                                     std::string_view owner, Claims& claims,
                                     const std::vector<std::string>& parts = {""}) {
  table.require(key);
  check_not_empty(table, key);
  const std::vector<Text> texts = table.texts(key, format);
  for (const Text& text : texts) {
    for (const std::string& part : parts) {
      const std::string what = fmt::format("{}'{}'", part, text.value);
      const auto [first, inserted] =
          claims.try_emplace(what, Claim{std::string(owner), text.where});
      if (!inserted) {
        table.problems().add(text.where,
                             fmt::format("{} belongs to '{}' already, at line {}", what,
                                         first->second.owner, first->second.where.line));
      }
    }
  }
  return values_of(texts);
}

// Parts of a repository, as git names them.
std::vector<std::string> read_paths(TableReader& table) {
  check_not_empty(table, "paths");
  const std::vector<Text> texts = table.texts("paths", TextFormat::title, Form::text_or_array);
  for (const Text& path : texts) {
    const std::string inside = "/" + path.value + "/";
    if (std::count(path.value.begin(), path.value.end(), '/') >= kMostParts) {
      table.problems().add(path.where, fmt::format("'paths' is '{}', but no collector reads more "
                                                   "than the first {} parts of a path",
                                                   path.value, kMostParts));
    }
    const bool is_path = inside.find("//") == std::string::npos &&
                         inside.find("/./") == std::string::npos &&
                         inside.find("/../") == std::string::npos &&
                         path.value.find_first_of("*?[\\") == std::string::npos;
    if (!is_path) {
      table.problems().add(path.where,
                           fmt::format("'paths' is '{}', but a path is named from the top of the "
                                       "repository, without a pattern and without '/' at its ends: "
                                       "'services/shop'",
                                       path.value));
    }
  }
  return values_of(texts);
}

std::vector<std::string> read_globs(TableReader& table, std::string_view key) {
  check_not_empty(table, key);
  return values_of(table.texts(key, TextFormat::glob, Form::text_or_array));
}

// Of its repositories, in words.
std::vector<std::string> parts_of(const Service& service) {
  std::vector<std::string> parts;
  for (const std::string& path : service.paths) {
    parts.push_back(fmt::format("the path '{}' in ", path));
  }
  if (service.paths.empty()) {
    for (const std::string& label : service.change_labels) {
      parts.push_back(fmt::format("the label '{}' in ", label));
    }
  }
  return parts.empty() ? std::vector<std::string>{""} : parts;
}

void check_branch(TableReader& table, const Text& branch) {
  if (branch.value.find_first_of("*?[") != std::string::npos) {
    table.problems().add(branch.where,
                         fmt::format("'deployment_branches' is '{}', but a branch is named "
                                     "exactly, without a pattern",
                                     branch.value));
  }
}

}  // namespace

std::vector<Service> read_services(TableReader& root) {
  std::vector<Service> services;
  Names names;
  Claims patterns;
  for (TableReader& table : root.tables("service")) {
    Service service;
    service.where = table.where();
    service.name = read_unique_name(table, "service", TextFormat::title, names);
    service.paths = read_paths(table);
    service.change_labels = read_globs(table, "change_labels");
    service.repositories = read_claims(table, "repositories", TextFormat::glob, service.name,
                                       patterns, parts_of(service));
    service.deployment_tags = read_globs(table, "deployment_tags");
    check_not_empty(table, "deployment_branches");
    const auto branches =
        table.texts("deployment_branches", TextFormat::title, Form::text_or_array);
    for (const Text& branch : branches) {
      check_branch(table, branch);
    }
    service.deployment_branches = values_of(branches);
    service.deployment_environments = read_globs(table, "deployment_environments");
    service.deployment_jobs = read_globs(table, "deployment_jobs");
    service.deployment_runs = read_globs(table, "deployment_runs");
    service.deployment_pipelines = read_globs(table, "deployment_pipelines");
    service.hotfix_labels = read_globs(table, "hotfix_labels");
    service.reverts_are_fixes = table.boolean("reverts_are_fixes", false);
    service.incident_lookback =
        table.duration("incident_lookback", std::chrono::minutes(1), kDay * 90, kDay * 7);
    table.report_unknown_keys();
    services.push_back(std::move(service));
  }
  return services;
}

std::vector<Repository> read_repositories(TableReader& root) {
  std::vector<Repository> repositories;
  Names names;
  Claims identities;  // names and aliases alike: an identity leads to one repository
  std::vector<TableReader> tables = root.tables("repository");
  for (TableReader& table : tables) {
    Repository repository;
    repository.where = table.where();
    repository.name = read_unique_name(table, "repository", TextFormat::title, names);
    repositories.push_back(std::move(repository));
  }
  for (const auto& [name, where] : names) {
    identities[fmt::format("'{}'", name)] = {name, where};
  }
  for (std::size_t i = 0; i < tables.size(); ++i) {
    repositories[i].aliases =
        read_claims(tables[i], "aliases", TextFormat::title, repositories[i].name, identities);
    tables[i].report_unknown_keys();
  }
  return repositories;
}

}  // namespace baselined::config
