#include "daemon/config/did_you_mean.h"

#include <gtest/gtest.h>

namespace baselined::config {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("git", "git"), 0U);
  EXPECT_EQ(edit_distance("", "git"), 3U);
  EXPECT_EQ(edit_distance("git", ""), 3U);
  EXPECT_EQ(edit_distance("git", "gits"), 1U);
  EXPECT_EQ(edit_distance("git", "it"), 1U);
  EXPECT_EQ(edit_distance("git", "got"), 1U);
  EXPECT_EQ(edit_distance("gti", "git"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("Every", "every"), 0U);
}

TEST(DidYouMean, NamesTheNearest) {
  EXPECT_EQ(did_you_mean("tiemzone", {"state_dir", "timezone", "log_level"}),
            " (did you mean 'timezone'?)");
  EXPECT_EQ(did_you_mean("X", {"y", "x"}), " (did you mean 'x'?)");
  EXPECT_EQ(did_you_mean("repository", {"repositories", "repositor"}),
            " (did you mean 'repositor'?)");
}

TEST(DidYouMean, TheFirstOfEquallyNearOnesWins) {
  EXPECT_EQ(did_you_mean("cat", {"bat", "rat"}), " (did you mean 'bat'?)");
}

TEST(DidYouMean, IsSilentWhereNothingIsNear) {
  EXPECT_EQ(did_you_mean("x", {"timezone"}), "");
  EXPECT_EQ(did_you_mean("password", {"timezone", "every"}), "");
  EXPECT_EQ(did_you_mean("", {"a"}), "");
  EXPECT_EQ(did_you_mean("abc", {""}), "");
  EXPECT_EQ(did_you_mean("x", {"y"}), "");
  EXPECT_EQ(did_you_mean("ab", {"ac"}), "");
  EXPECT_EQ(did_you_mean("abc", {}), "");
}

TEST(DidYouMean, AllowsOneEditInThreeCharactersAndAtMostFour) {
  EXPECT_EQ(did_you_mean("abcdef", {"abcdXY"}), " (did you mean 'abcdXY'?)");
  EXPECT_EQ(did_you_mean("abcdef", {"abcXYZ"}), "");
  const std::string lots(60, 'a');
  EXPECT_NE(did_you_mean(lots, {std::string(56, 'a') + "bbbb"}), "");
  EXPECT_EQ(did_you_mean(lots, {std::string(55, 'a') + "bbbbb"}), "");
}

TEST(DidYouMean, AHugeNameCostsNothing) {
  EXPECT_EQ(did_you_mean(std::string(1'000'000, 'a'), {"timezone"}), "");
}

}  // namespace
}  // namespace baselined::config
