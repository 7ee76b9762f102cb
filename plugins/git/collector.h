// The plugin's class: all configured repositories, one after the other.
//
// One bad repository, be it one that needs more memory than there is, does not stop the others: its
// coverage says why, and the run fails at the end with a text that names it. Errors: Failure.
#pragma once

#include <baselined/plugin.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collection.h"
#include "expand.h"
#include "options.h"

namespace baselined::git {

class Collector {
 public:
  Collector(std::string_view options, Run& run);
  void collect(Run& run);

 private:
  // What one run has met so far.
  struct Found {
    std::set<std::string> paths;
    std::map<std::string, std::string> path_of;  // by identity
    std::vector<std::string> bad;                // "<path>: <what is wrong>"
    std::uint64_t n_good = 0;
    Tally tally;
  };

  void collect_pattern(Run& run, const std::string& pattern, Found& found);
  // False when it is passed over.
  bool collect_candidate(Run& run, const Candidate& candidate, Found& found);
  void collect_repository(Run& run, const std::string& path, Found& found);
  void note_bad(Run& run, const std::string& path, const std::string& what, Found& found);

  Options options_;
};

}  // namespace baselined::git
