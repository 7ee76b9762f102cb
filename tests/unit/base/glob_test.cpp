#include "daemon/base/glob.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace baselined {
namespace {

struct GlobCase {
  const char* pattern;
  const char* text;
  bool matches;
};

class GlobMatches : public testing::TestWithParam<GlobCase> {};

TEST_P(GlobMatches, AsTheTableSays) {
  EXPECT_EQ(glob_matches(GetParam().pattern, GetParam().text), GetParam().matches)
      << GetParam().pattern << " on " << GetParam().text;
}

constexpr GlobCase kCases[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"*", "", true},
    {"*", "anything/at all", true},
    {"**", "x", true},
    {"?", "", false},
    {"?", "x", true},
    {"?", "xy", false},
    {"v*", "v1.2.3", true},
    {"v*", "v", true},
    {"v*", "rev1", false},
    {"*/shop", "git.example.com/group/shop", true},
    {"*/shop", "shop", false},
    {"*/shop", "git.example.com/shops", false},
    {"v?.?", "v1.2", true},
    {"v?.?", "v1.22", false},
    {"*-rc*", "v1-rc-rc2", true},
    {"a*b*c", "aXbXbXc", true},
    {"a*b*c", "aXcXb", false},
    {"*ab", "aab", true},
    {"*a?", "aaab", true},
    {"[v]", "v", false},
    {"[v]", "[v]", true},
    {"a.c", "abc", false},
    {"V*", "v1", false},
    {"x*", "xyz*", true},
};
INSTANTIATE_TEST_SUITE_P(Table, GlobMatches, testing::ValuesIn(kCases));

// A backtracking matcher would need more steps than there are atoms for this.
TEST(GlobMatches, IsNotExponentialInTheStars) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) {
    pattern += "a*";
  }
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(20'000, 'a')));
  EXPECT_TRUE(glob_matches(pattern, std::string(20'000, 'a')));
}

}  // namespace
}  // namespace baselined
