// A repository as derive sees it: who it belongs to and which collectors read it.
// Threads: a value.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "daemon/derive/mapping.h"
#include "daemon/derive/origin.h"

namespace baselined::derive {

using Oid = std::array<char, 20>;

inline std::string_view bytes_of(const Oid& oid) { return {oid.data(), oid.size()}; }

// git's dates that cannot be represented are missing in the records.
constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

// One collector's view of a repository: the start of the keys of its records.
struct Source {
  std::int64_t collector = 0;
  std::int64_t text = 0;  // text.id of the identity as this collector gives it
  // Its commits and refs, or its deployments, were read completely at least once. A partial history
  // would choose the wrong first deployment, so what other sources say does not count.
  bool is_complete = false;
};

struct Repository {
  std::int64_t id = 0;       // fact_repository.id
  std::int64_t service = 0;  // fact_service.id
  std::string identity;
  std::string service_name;
  const ServiceRule* rule = nullptr;  // only where it says what a deployment is
  std::vector<Source> sources;
  std::vector<Source> trackers;  // who tell of its changes
  // Whose deployments, jobs and runs the rule counts; only of kinds that it counts.
  std::map<Origin, std::vector<Source>> forges;
  std::string reason;  // why no source, or no forge, is complete

  static bool has_complete(const std::vector<Source>& of) {
    return std::any_of(of.begin(), of.end(), [](const Source& each) { return each.is_complete; });
  }
  bool is_complete() const {
    return has_complete(sources) && std::all_of(forges.begin(), forges.end(), [](const auto& kind) {
             return has_complete(kind.second);
           });
  }
  // Whether the commit graph and the deployments of this repository are kept.
  bool is_tracked() const { return rule != nullptr && is_complete(); }
  // Changes exactly when other refs or deployments take part: "3:7,4:7 5:7".
  std::string tracked_sources() const;
};

}  // namespace baselined::derive
