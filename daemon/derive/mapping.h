// Mapping: whose records count, which repositories a service owns, and what counts as its
// deployment. Data of the configuration, applied when facts are derived, never when records are
// collected.
//
// What no service claims of a repository is a service of its own, with the repository's name (the
// last part of its identity; the whole identity where two would have the same name). Services may
// own parts of one repository by path: then only what touches their paths counts for them. Without
// a rule a service has no deployments: nothing is known, which is not zero. Threads: a value.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/time.h"

namespace baselined::derive {

struct ServiceRule {
  std::string name;
  std::vector<std::string> repositories;              // globs on the identity
  std::vector<std::string> deployment_tags = {};      // globs on tag names
  std::vector<std::string> deployment_branches = {};  // exact branch names
  // Globs on the names of environments to which a forge deploys, or on what the forge takes them
  // for.
  std::vector<std::string> deployment_environments = {};
  // Globs on the names of jobs that deploy, and on the branches or tags whose runs deploy.
  std::vector<std::string> deployment_jobs = {};
  std::vector<std::string> deployment_runs = {};
  // Globs on pipelines: jobs and runs of others do not count. Without globs for either, each run of
  // these deploys.
  std::vector<std::string> deployment_pipelines = {};
  // Changes that repair what an earlier deployment broke: with such a label (globs), and those that
  // revert another.
  std::vector<std::string> hotfix_labels = {};
  bool reverts_are_fixes = false;
  // An incident that links no deployment is held against the last one within this time before it.
  Microseconds incident_lookback = std::chrono::hours(7 * 24);
  // The parts of its repositories that it owns: "services/shop". Empty: all that no other service
  // claims by path.
  std::vector<std::string> paths = {};
  // Changes with such a label (globs) are its own, whatever they touch, and not of services that
  // the labels do not name.
  std::vector<std::string> change_labels = {};

  // Of its repositories it owns parts.
  bool owns_parts() const { return !paths.empty() || !change_labels.empty(); }
  // Commits have no labels.
  bool owns_commits() const { return !paths.empty() || change_labels.empty(); }
};

struct RepositoryAlias {
  std::string identity;              // the identity that counts
  std::vector<std::string> aliases;  // other identities of the same repository
};

struct Mapping {
  std::vector<ServiceRule> services;
  std::vector<RepositoryAlias> repositories;
  // Names of the configured collectors: records of others take no part. Nothing: all do.
  std::optional<std::set<std::string>> collectors;

  // Same rules, same hash. Stored with the facts.
  std::string hash() const;
};

}  // namespace baselined::derive
