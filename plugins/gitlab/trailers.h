// What the description of an incident says about deployments, one per line, as git's trailers:
//
//   Caused-by: !123          a merge request
//   Caused-by: v1.4.0        a tag, which has a number: a word without one may be a person
//   Fixed-by: 0123456789...  a commit, all 40 digits
//   Fixed-by: deployment 57
// Threads: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baselined::gitlab {

struct Trailer {
  std::string_view role;       // caused_by, fixed_by
  std::string_view refers_to;  // deployment, sha, tag, change
  std::string name;            // of a change with its mark: "!123", as in incident_link/1

  bool operator==(const Trailer&) const = default;
};

std::vector<Trailer> parse_trailers(std::string_view description);

}  // namespace baselined::gitlab
