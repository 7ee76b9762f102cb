#include "daemon/derive/candidates.h"

#include <algorithm>
#include <set>

namespace baselined::derive {

std::string_view to_string(Origin origin) { return origin == Origin::tag ? "tag" : "branch"; }

void put_in_order(std::vector<Candidate>& candidates) {
  std::set<std::int64_t> known;  // commits
  for (const Candidate& candidate : candidates) {
    if (!candidate.is_guess) {
      known.insert(candidate.commit_id);
    }
  }
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return candidate.is_guess && known.count(candidate.commit_id) != 0;
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
