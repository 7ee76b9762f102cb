// Identity: which repository a record belongs to, and which service a repository.
//
// A repository is known by the text that a collector gives; aliases lead to the identity that
// counts. Of the services whose globs match an identity the longest pattern wins, of equals the
// first in the file. Those that claim paths or labels own parts of it, whoever owns the rest; of
// those that claim one path the same rule chooses. What nobody claims of a repository is a service
// of its own, named after the last part of its identity, or the whole identity where that name is
// taken.
// Ownership: refers to the mapping, which must outlive it.
// Threads: immutable.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/derive/mapping.h"
#include "daemon/derive/paths.h"

namespace baselined::derive {

// A service of the mapping or of a repository that nobody claims; then `rule` is nullptr.
struct Owner {
  std::string service;
  const ServiceRule* rule = nullptr;
  Paths paths = {};
  // Of changes: globs on labels that name this service, or another of the repository's.
  std::vector<std::string> labels = {};
  std::vector<std::string> other_labels = {};
};

class Identities {
 public:
  explicit Identities(const Mapping& mapping);

  // The identity that counts for the one that a collector gave.
  std::string_view canonical(std::string_view identity) const;
  // The owners of each of these canonical identities: who owns all or the rest, then those of
  // parts by name.
  std::map<std::string, std::vector<Owner>> owners(const std::set<std::string>& identities) const;

 private:
  struct Claims {
    std::map<std::string, const ServiceRule*> paths;      // "" is the rest
    std::map<std::string, const ServiceRule*> labellers;  // who own no path, by name
  };
  Claims claims(std::string_view identity) const;
  static std::vector<Owner> owners_of(const Claims& claims, const std::string& rest);

  const Mapping* mapping_;
  std::unordered_map<std::string_view, std::string_view> aliases_;
};

// What counts as a deployment of a service, for people: "tags v*; branch main". Empty: no rule.
std::string describe(const ServiceRule& rule);
// What counts as a repair of a deployment: "hotfix labels hotfix; reverts". Empty: no rule.
std::string describe_fixes(const ServiceRule& rule);

}  // namespace baselined::derive
