// A repository as derive sees it: who it belongs to and which collectors read it.
// Threads: a value.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/derive/mapping.h"
#include "daemon/derive/origin.h"
#include "daemon/derive/paths.h"

namespace baselined::derive {

using Oid = std::array<char, 20>;

inline std::string_view bytes_of(const Oid& oid) { return {oid.data(), oid.size()}; }

inline Oid oid_of(std::string_view bytes) {
  Oid oid{};
  bytes.copy(oid.data(), oid.size());
  return oid;
}

// git's dates that cannot be represented are missing in the records.
constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

// One collector's view of a repository: the start of the keys of its records.
struct Source {
  std::int64_t collector = 0;
  std::int64_t text = 0;  // text.id of the identity as this collector gives it
  // Its commits and refs, or its deployments, were read completely at least once. A partial history
  // would choose the wrong first deployment, so what other sources say does not count.
  bool is_complete = false;
  bool tells_paths = false;  // of its commits

  bool operator==(const Source&) const = default;
};

// Coverage of one input of a service: the best of the collectors that read it, and of one that
// reads it under several names, which is how a renamed project looks, the best of those. Of several
// pipelines: what all of them are.
struct Input {
  std::optional<std::int64_t> complete_from;
  std::optional<std::int64_t> complete_until;  // nothing: never read completely
  std::string reason;

  bool operator==(const Input&) const = default;
};

// A repository, as one service has it. Of a repository that several services own by path there are
// several: each has all of its history, of which some commits belong to the service.
struct Repository {
  std::int64_t id = 0;       // fact_repository.id
  std::int64_t service = 0;  // fact_service.id
  std::string identity;
  std::string service_name;
  std::string part;                       // the name of a service that owns a part, else empty
  std::vector<std::string> labels;        // of changes that belong to the service, as globs
  std::vector<std::string> other_labels;  // of changes of another that has a part
  Paths paths;                            // that belong to the service
  std::map<std::string, Input> inputs;    // by contract
  const ServiceRule* rule = nullptr;      // only where it says what a deployment is
  std::vector<Source> sources;
  std::vector<Source> trackers;  // who tell of its changes
  bool has_paths = true;         // where a part needs them: somebody tells of the commits' paths
  // Whose deployments, jobs and runs the rule counts; only of kinds that it counts.
  std::map<Origin, std::vector<Source>> forges;
  std::string reason;  // why it is not complete

  static bool has_complete(const std::vector<Source>& of) {
    return std::any_of(of.begin(), of.end(), [](const Source& each) { return each.is_complete; });
  }
  bool is_complete() const {
    return has_paths && has_complete(sources) &&
           std::all_of(forges.begin(), forges.end(),
                       [](const auto& kind) { return has_complete(kind.second); });
  }
  // Whether the commit graph and the deployments of this repository are kept.
  bool is_tracked() const { return rule != nullptr && is_complete(); }
  // What fact_commit and fact_change have as the service of what does not belong to it.
  std::int64_t service_of(Belongs belongs) const {
    return belongs == Belongs::yes ? service : -2 * id - (belongs == Belongs::unknown ? 1 : 0);
  }
  bool is_whole() const { return paths.is_everything(); }
  // Changes exactly when other refs or deployments take part: "3:7,4:7 5:7";
  // of a part, where others tell of paths: "3:7/ 3:7,4:7 5:7".
  std::string tracked_sources() const;
};

// By what service_of() gave.
inline Belongs belongs_by(std::int64_t service) {
  if (service >= 0) {
    return Belongs::yes;
  }
  return service % 2 == 0 ? Belongs::no : Belongs::unknown;
}

}  // namespace baselined::derive
