#include "expand.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "handle.h"

namespace baselined::git {
namespace {

struct Matches {
  glob_t list{};
  Matches() = default;
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;
  ~Matches() { globfree(&list); }
};

// What glob(3) knows beyond * and ? is an ordinary character here.
std::string escaped(const std::string& pattern) {
  std::string result;
  for (const char letter : pattern) {
    if (letter == '[' || letter == '\\') {
      result += '\\';
    }
    result += letter;
  }
  return result;
}

std::string normal(const std::string& path) {
  std::string text = std::filesystem::path(path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') {
    text.pop_back();
  }
  return text;
}

// A path that is no directory, or just went away, has nothing to be missed.
int stop_unless_absent(const char* /*path*/, int error) {
  return error == ENOENT || error == ENOTDIR ? 0 : 1;
}

}  // namespace

std::vector<Candidate> expand(const std::string& pattern) {
  if (pattern.find_first_of("*?") == std::string::npos) {
    return {{normal(pattern), true}};
  }
  Matches matches;
  const int status = glob(escaped(pattern).c_str(), GLOB_NOSORT, stop_unless_absent, &matches.list);
  if (status != 0 && status != GLOB_NOMATCH) {
    throw GitError("a directory of this pattern cannot be read: give the service permission");
  }
  std::vector<Candidate> candidates;
  for (std::size_t at = 0; at < matches.list.gl_pathc; ++at) {
    candidates.push_back({normal(matches.list.gl_pathv[at]), false});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& left, const Candidate& right) { return left.path < right.path; });
  return candidates;
}

}  // namespace baselined::git
