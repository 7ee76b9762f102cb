#include "daemon/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace baselined {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) {
    return Error(Error::Code::data, "odd");
  }
  return number / 2;
}

Result<int> quarter(int number) {
  BL_TRY(const int once, half(number));
  BL_TRY(const int twice, half(once));
  return twice;
}

Status check_even(int number) {
  BL_CHECK(half(number));
  return {};
}

Result<std::unique_ptr<int>> make() { return std::make_unique<int>(7); }

Result<int> unwrap() {
  BL_TRY(const std::unique_ptr<int> owned, make());
  return *owned;
}

TEST(Result, TryDeclaresTheValue) { EXPECT_EQ(quarter(12).value(), 3); }

TEST(Result, TryReturnsTheFirstError) {
  const auto result = quarter(6);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Error::Code::data);
  EXPECT_EQ(result.error().message(), "odd");
}

TEST(Result, TryMovesAValueThatCannotBeCopied) { EXPECT_EQ(unwrap().value(), 7); }

TEST(Result, CheckReturnsTheErrorAndNothingElse) {
  EXPECT_TRUE(check_even(2));
  const Status status = check_even(3);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "odd");
}

TEST(Error, WithPutsTheContextInFront) {
  const Error error = Error(Error::Code::auth, "token expired").with("jira").with("nightly");
  EXPECT_EQ(error.message(), "nightly: jira: token expired");
  EXPECT_EQ(error.code(), Error::Code::auth);
}

TEST(Error, EveryCodeHasALabelOfItsOwn) {
  std::set<std::string_view> labels;
  for (int code = 1; code <= static_cast<int>(Error::kLastCode); ++code) {
    labels.insert(to_string(static_cast<Error::Code>(code)));
  }
  EXPECT_EQ(labels, (std::set<std::string_view>{"config", "auth", "rate_limited", "transient",
                                                "data", "cancelled", "unsupported", "internal",
                                                "limit", "disk_full"}));
}

TEST(Error, CodesHaveTheNumbersOfTheAbi) {
  EXPECT_EQ(static_cast<int>(Error::Code::config), 1);
  EXPECT_EQ(static_cast<int>(Error::Code::rate_limited), 3);
  EXPECT_EQ(static_cast<int>(Error::Code::limit), 9);
}

TEST(AssertDeathTest, ABrokenInvariantAbortsAndSaysWhich) {
  const int number = 3;
  EXPECT_DEATH(BL_ASSERT(number == 4), "broken invariant: number == 4");
}

}  // namespace
}  // namespace baselined
