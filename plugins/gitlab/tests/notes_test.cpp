#include "plugins/gitlab/notes.h"

#include <gtest/gtest.h>

namespace baselined::gitlab {
namespace {

TEST(Notes, TellWhatHappened) {
  const std::pair<const char*, std::optional<std::string_view>> notes[] = {
      {"approved this merge request", "approved"},
      {"unapproved this merge request", "unapproved"},
      {"requested changes", "changes_requested"},
      {"requested review from @ada and @bob", "review_requested"},
      {"added 1 commit\n\n<ul><li>abbe0ab2 - x</li></ul>", "pushed"},
      {"added 12 commits", "pushed"},
      {"marked this merge request as **ready**", "ready"},
      {"marked this merge request as **draft**", "draft"},
      {"unmarked as a **Work In Progress**", "ready"},
      {"marked as a **Work In Progress**", "draft"},
      {"added ~12 label", std::nullopt},
      {"added commit", std::nullopt},
      {"mentioned in commit 0123", std::nullopt},
      {"merged", std::nullopt},
      {"", std::nullopt}};
  for (const auto& [body, kind] : notes) {
    EXPECT_EQ(event_of_note(true, body), kind) << body;
  }
}

TEST(Notes, OfAPersonAreComments) {
  EXPECT_EQ(event_of_note(false, "approved this merge request"), "commented");
}

TEST(Reverts, AreWhatGitlabsButtonWrites) {
  EXPECT_EQ(reverted_change("This reverts merge request !12"), "12");
  EXPECT_EQ(reverted_change("It broke.\n\nThis reverts merge request !7\n\nx"), "7");
  EXPECT_EQ(reverted_change("This reverts merge request !"), std::nullopt);
  EXPECT_EQ(reverted_change("This reverts commit 0123"), std::nullopt);
}

}  // namespace
}  // namespace baselined::gitlab
