#include "tests/unit/derive/naive_owners.h"

#include <algorithm>

#include "daemon/base/glob.h"

namespace baselined::derive {

namespace {

// Of a path; "" of the rest.
const ServiceRule* owner(const Mapping& mapping, const std::string& identity,
                         const std::string& path) {
  const ServiceRule* best = nullptr;
  std::size_t size = 0;
  for (const ServiceRule& service : mapping.services) {
    const bool claims = path.empty() ? service.paths.empty() && !owns_labels(&service)
                                     : std::find(service.paths.begin(), service.paths.end(),
                                                 path) != service.paths.end();
    for (const std::string& glob : service.repositories) {
      if (claims && glob_matches(glob, identity) && (best == nullptr || glob.size() > size)) {
        best = &service;
        size = glob.size();
      }
    }
  }
  return best;
}

}  // namespace

// Whose is the nearest folder that somebody claims. Where only a deeper one is claimed by somebody
// else, or by us, it may be theirs or ours.
Ours ours(const std::string& touched, const PathOwners& owners, const ServiceRule* rule) {
  const ServiceRule* nearest = nullptr;
  for (std::size_t end = touched.size(); nearest == nullptr; end = touched.rfind('/', end - 1)) {
    if (end == std::string::npos || end == 0) {
      const auto rest = owners.find("");
      nearest = rest == owners.end() ? nullptr : rest->second;
      break;
    }
    const auto owner = owners.find(touched.substr(0, end));
    nearest = owner == owners.end() ? nullptr : owner->second;
  }
  for (const auto& [path, owner] : owners) {
    if (path.starts_with(touched + "/") && (owner == rule) != (nearest == rule)) {
      return Ours::unknown;
    }
  }
  return nearest == rule ? Ours::yes : Ours::no;
}

bool is_alive(const History& history, const By& source, int commit) {
  const auto told = history.commits.find({source, commit});
  return told != history.commits.end() && told->second.is_alive;
}

bool matches_any(const std::vector<std::string>& globs, const std::string& text) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_matches(glob, text); });
}

bool owns_labels(const ServiceRule* rule) {
  return rule != nullptr && rule->paths.empty() && !rule->change_labels.empty();
}

std::string canonical(const Mapping& mapping, const std::string& identity) {
  for (const RepositoryAlias& repository : mapping.repositories) {
    for (const std::string& alias : repository.aliases) {
      if (alias == identity) {
        return repository.identity;
      }
    }
  }
  return identity;
}

PathOwners owners_of(const Mapping& mapping, const std::string& identity) {
  std::set<std::string> paths{""};
  for (const ServiceRule& service : mapping.services) {
    paths.insert(service.paths.begin(), service.paths.end());
  }
  PathOwners owners;
  for (const std::string& path : paths) {
    if (const ServiceRule* rule = owner(mapping, identity, path)) {
      owners[path] = rule;
    }
  }
  return owners;
}

std::string name_of(const Mapping& mapping, const std::string& identity,
                    const std::set<std::string>& unclaimed) {
  const auto last = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  const std::string name = last(identity);
  for (const std::string& other : unclaimed) {
    if (other != identity && last(other) == name) {
      return identity;
    }
  }
  for (const ServiceRule& service : mapping.services) {
    if (service.name == name) {
      return identity;
    }
  }
  return name;
}

}  // namespace baselined::derive
