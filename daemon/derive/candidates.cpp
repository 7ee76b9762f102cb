#include "daemon/derive/candidates.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace baselined::derive {

Exclusion excluded_deployment(Origin origin, const std::string& name, std::string reason,
                              std::optional<std::int64_t> at,
                              std::optional<std::int64_t> commit_id) {
  Exclusion exclusion;
  exclusion.fact = kDeploymentFact;
  exclusion.at = at;
  exclusion.reason = std::move(reason);
  exclusion.origin = to_string(origin);
  exclusion.name = name;
  exclusion.commit_id = commit_id;
  return exclusion;
}

void put_in_order(std::vector<Candidate>& candidates) {
  std::unordered_map<std::int64_t, int> best;  // rank, by commit
  for (const Candidate& candidate : candidates) {
    const auto rank = best.emplace(candidate.commit_id, candidate.rank()).first;
    rank->second = std::min(rank->second, candidate.rank());
  }
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return candidate.rank() > best.at(candidate.commit_id);
  });
  std::sort(candidates.begin(), candidates.end());
  std::vector<Candidate> kept;
  kept.reserve(candidates.size());
  std::set<std::int64_t> here;  // commits at this time and generation
  for (Candidate& candidate : candidates) {
    if (kept.empty() || kept.back().finished_at != candidate.finished_at ||
        kept.back().generation != candidate.generation) {
      here.clear();
    }
    if (here.insert(candidate.commit_id).second) {
      kept.push_back(std::move(candidate));
    }
  }
  candidates = std::move(kept);
}

}  // namespace baselined::derive
