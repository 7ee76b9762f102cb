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
      ElementsAre(Trailer{"caused_by", "change", "!12"}, Trailer{"caused_by", "tag", "v1.4.0"},
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

TEST(Trailers, NameNoPerson) {
  for (const char* person :
       {"@ada", "@ada.lovelace", "ada@example.org", "ada@163.com", "ada@1und1.de", "@ada2", "Ada",
        "ada42", "Lovelace,", "v", "@", "ada@", "https://gitlab.example.org/ada/7"}) {
    EXPECT_THAT(parse_trailers("Fixed-by: " + std::string(person)), IsEmpty()) << person;
  }
}

TEST(Trailers, NameTagsOfEveryKind) {
  for (const char* tag : {"v1", "1.4", "release-2026-03-01", "shop/v2.0", "2.0.0-rc.1", "pkg@1.2.3",
                          "@scope/pkg@v2.0.0-beta.1"}) {
    EXPECT_THAT(parse_trailers("Fixed-by: " + std::string(tag)),
                ElementsAre(Trailer{"fixed_by", "tag", tag}))
        << tag;
  }
}

}  // namespace
}  // namespace baselined::gitlab
