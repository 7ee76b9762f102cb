#include "daemon/derive/identity.h"

#include "daemon/base/glob.h"

namespace baselined::derive {

namespace {

std::string_view last_part(std::string_view identity) {
  std::string_view name = identity;
  while (!name.empty() && name.back() == '/') {
    name.remove_suffix(1);
  }
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  return name.empty() ? identity : name;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string line;
  for (const std::string& text : texts) {
    line += line.empty() ? "" : ", ";
    line += text;
  }
  return line;
}

}  // namespace

Identities::Identities(const Mapping& mapping) : mapping_(&mapping) {
  for (const RepositoryAlias& repository : mapping.repositories) {
    for (const std::string& alias : repository.aliases) {
      aliases_.emplace(alias, repository.identity);
    }
  }
}

std::string_view Identities::canonical(std::string_view identity) const {
  const auto found = aliases_.find(identity);
  return found == aliases_.end() ? identity : found->second;
}

const ServiceRule* Identities::claim(std::string_view identity) const {
  const ServiceRule* winner = nullptr;
  std::size_t longest = 0;
  for (const ServiceRule& service : mapping_->services) {
    for (const std::string& pattern : service.repositories) {
      if ((winner == nullptr || pattern.size() > longest) && glob_matches(pattern, identity)) {
        winner = &service;
        longest = pattern.size();
      }
    }
  }
  return winner;
}

std::map<std::string, Owner> Identities::owners(const std::set<std::string>& identities) const {
  std::map<std::string, Owner> result;
  std::map<std::string_view, int> takers;
  for (const ServiceRule& service : mapping_->services) {
    ++takers[service.name];
  }
  for (const std::string& identity : identities) {
    const ServiceRule* rule = claim(identity);
    result[identity] = Owner{rule == nullptr ? std::string() : rule->name, rule};
    if (rule == nullptr) {
      ++takers[last_part(identity)];
    }
  }
  for (auto& [identity, owner] : result) {
    if (owner.rule == nullptr) {
      const std::string_view name = last_part(identity);
      owner.service = takers[name] == 1 ? std::string(name) : identity;
    }
  }
  return result;
}

std::string describe(const ServiceRule& rule) {
  std::string text;
  const auto add = [&text](const std::vector<std::string>& names, std::string_view one,
                           std::string_view several) {
    if (!names.empty()) {
      text += text.empty() ? "" : "; ";
      text += names.size() == 1 ? one : several;
      text += " " + joined(names);
    }
  };
  add(rule.deployment_environments, "environment", "environments");
  add(rule.deployment_jobs, "job", "jobs");
  add(rule.deployment_runs, "runs of", "runs of");
  add(rule.deployment_tags, "tags", "tags");
  add(rule.deployment_branches, "branch", "branches");
  return text;
}

std::string describe_fixes(const ServiceRule& rule) {
  std::string text;
  if (!rule.hotfix_labels.empty()) {
    text = "hotfix labels " + joined(rule.hotfix_labels);
  }
  if (rule.reverts_are_fixes) {
    text += text.empty() ? "reverts" : "; reverts";
  }
  return text;
}

}  // namespace baselined::derive
