#include "daemon/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace baselined {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::string logged(const std::function<void()>& act) {
  testing::internal::CaptureStderr();
  act();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneLineWithTimeLevelAndMessage) {
  const std::string text = logged([] { log::warn("collector {}: {} rows", "git", 3); });
  EXPECT_THAT(text, MatchesRegex("[0-9-]+T[0-9:]+\\.[0-9]+Z warning collector git: 3 rows\n"));
}

TEST(Log, KeepsAForgedLineOnOneLine) {
  const std::string text = logged([] { log::error("{}", "a\n2026 error b\r\x1b[31m"); });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, HasSubstr("a 2026 error b  [31m"));
}

TEST(Log, DropsWhatIsBelowTheLevel) {
  log::set_level(log::Level::error);
  const std::string quiet = logged([] { log::warn("not this"); });
  const std::string loud = logged([] { log::error("this"); });
  log::set_level(log::Level::info);
  EXPECT_EQ(quiet, "");
  EXPECT_THAT(loud, HasSubstr("this"));
}

TEST(Log, TheFilterSeesEveryMessageUntilItIsTakenAway) {
  log::set_filter([](std::string_view text) { return "<" + std::string(text) + ">"; });
  const std::string filtered = logged([] { log::info("token {}", 7); });
  log::set_filter(nullptr);
  EXPECT_THAT(filtered, HasSubstr(" <token 7>"));
  EXPECT_THAT(logged([] { log::info("token {}", 8); }), HasSubstr(" token 8"));
}

TEST(Log, LeavesBracesOfAMessageAlone) {
  EXPECT_THAT(logged([] { log::info("{}", "{} {0:x}"); }), HasSubstr("{} {0:x}"));
}

}  // namespace
}  // namespace baselined
