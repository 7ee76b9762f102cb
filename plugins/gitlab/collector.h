// The GitLab collector: every project, and of each what its token may read. What one project or one
// list refuses does not keep the others.
//
// Threads: the run's. Errors: Failure that names what could not be collected, and why.
#pragma once

#include <baselined/plugin.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api.h"
#include "options.h"
#include "project.h"

namespace baselined::gitlab {

class Collector {
 public:
  Collector(std::string_view options, Run& run);
  void collect(Run& run);

 private:
  struct Tally {
    std::vector<std::string> bad;  // what could not be collected, and why
    std::set<std::int64_t> ids;    // projects that were found
    int n_good = 0;                // lists
    int n_unanswered = 0;          // lists
    bool is_refused = false;       // some, for the token
  };

  static void find(Run& run, Api& api, const std::string& pattern, std::vector<Project>& projects,
                   Tally& tally);
  void collect_project(Run& run, Api& api, const Project& project,
                       const std::vector<Project>& projects, Tally& tally);
  static void note(Run& run, const std::string& what, const HttpFailure& failure, Tally& tally);
  static void note_unanswered(Run& run, const std::string& what, const Failure& failure,
                              Tally& tally);

  Options options_;
};

}  // namespace baselined::gitlab
