#include "plugins/gitlab/trailers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baselined::gitlab {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kSha = "0123456789abcdef0123456789abcdef01234567";

TEST(Trailers, NameDeploymentsByWhatTheyAre) {
  EXPECT_THAT(
      parse_trailers("Since noon.\r\n\r\nCaused-by: !12\r\ncaused-by:v1.4.0\n"
                     "FIXED-BY:\t" +
                     std::string(kSha) + "\n  Fixed-by: Deployment 57  "),
      ElementsAre(Trailer{"caused_by", "change", "12"}, Trailer{"caused_by", "tag", "v1.4.0"},
                  Trailer{"fixed_by", "sha", kSha}, Trailer{"fixed_by", "deployment", "57"}));
}

TEST(Trailers, AreNothingElse) {
  EXPECT_THAT(parse_trailers(""), IsEmpty());
  EXPECT_THAT(parse_trailers("It was caused-by: !12"), IsEmpty());
  EXPECT_THAT(parse_trailers("Caused-by:\nCaused-by: \t"), IsEmpty());
  EXPECT_THAT(parse_trailers("Caused-by: a mistake of ours"), IsEmpty());
  EXPECT_THAT(parse_trailers("Caused-by: " + std::string(300, 'x')), IsEmpty());
}

TEST(Trailers, AShortShaIsATag) {
  EXPECT_THAT(parse_trailers("Caused-by: 0123abc"),
              ElementsAre(Trailer{"caused_by", "tag", "0123abc"}));
}

}  // namespace
}  // namespace baselined::gitlab
