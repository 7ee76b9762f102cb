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

Identities::Claims Identities::claims(std::string_view identity) const {
  static const std::vector<std::string> kRest{""};
  Claims winners;
  std::map<std::string_view, std::size_t> longest;  // pattern, by path
  const auto claim = [&](const std::string& path, const ServiceRule& service, std::size_t length) {
    const auto [known, is_first] = longest.emplace(path, length);
    if (is_first || length > known->second) {
      known->second = length;
      winners.paths[path] = &service;
    }
  };
  for (const ServiceRule& service : mapping_->services) {
    for (const std::string& pattern : service.repositories) {
      if (!glob_matches(pattern, identity)) {
        continue;
      }
      if (!service.owns_commits()) {
        winners.labellers[service.name] = &service;
        continue;
      }
      for (const std::string& path : service.paths.empty() ? kRest : service.paths) {
        claim(path, service, pattern.size());
      }
    }
  }
  return winners;
}

std::vector<Owner> Identities::owners_of(const Claims& claims, const std::string& rest) {
  std::map<std::string, const ServiceRule*> parts = claims.labellers;  // by name
  std::vector<Owner> owners{{rest}};
  bool has_paths = false;
  for (const auto& [path, rule] : claims.paths) {
    has_paths = has_paths || !path.empty();
    if (path.empty()) {
      owners.front() = {rule->name, rule};
    } else {
      parts.emplace(rule->name, rule);
    }
  }
  for (const auto& [name, rule] : parts) {
    owners.push_back({name, rule});
  }
  for (Owner& owner : owners) {
    std::vector<std::string> ours;
    std::vector<std::string> others;
    for (const auto& [path, rule] : claims.paths) {
      (rule == owner.rule ? ours : others).push_back(path);
    }
    if (claims.paths.count("") == 0) {
      (owner.rule == nullptr ? ours : others).emplace_back();
    }
    if (owner.rule != nullptr && !owner.rule->owns_commits()) {
      owner.paths = Paths::none();
    } else if (has_paths) {
      owner.paths = Paths(ours, others);
    }
    for (const auto& [name, rule] : parts) {
      std::vector<std::string>& labels = rule == owner.rule ? owner.labels : owner.other_labels;
      labels.insert(labels.end(), rule->change_labels.begin(), rule->change_labels.end());
    }
  }
  return owners;
}

std::map<std::string, std::vector<Owner>> Identities::owners(
    const std::set<std::string>& identities) const {
  std::map<std::string, Claims> claimed;
  std::set<std::string_view> names;
  std::map<std::string_view, int> takers;
  for (const ServiceRule& service : mapping_->services) {
    names.insert(service.name);
    ++takers[service.name];
  }
  for (const std::string& identity : identities) {
    claimed[identity] = claims(identity);
    if (claimed[identity].paths.count("") == 0) {
      ++takers[last_part(identity)];
    }
  }
  std::map<std::string, std::vector<Owner>> result;
  for (const auto& [identity, claim] : claimed) {
    const std::string_view name = last_part(identity);
    const std::string whole = names.count(identity) == 0 ? identity : identity + " (rest)";
    result[identity] = owners_of(claim, takers[name] == 1 ? std::string(name) : whole);
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
  add(rule.deployment_pipelines, "pipeline", "pipelines");
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
