// Which files a git configuration includes: the values of `path` in its sections [include] and
// [includeIf "<condition>"], as written. No condition is judged, so it may be more than git reads.
//
// A pure function. Knows comments, quotes, escapes and continued lines; what it does not understand
// is passed over, and left to libgit2 to refuse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baselined::git {

std::vector<std::string> included_files(std::string_view config);

}  // namespace baselined::git
