#include "plugins/gitlab/ci_result.h"

#include <gtest/gtest.h>

namespace baselined::gitlab {
namespace {

TEST(CiResult, OfEveryStatus) {
  EXPECT_EQ(ci_result("success"), "success");
  EXPECT_EQ(ci_result("failed"), "failure");
  EXPECT_EQ(ci_result("failed", "script_failure"), "failure");
  EXPECT_EQ(ci_result("failed", "job_execution_timeout"), "timeout");
  EXPECT_EQ(ci_result("failed", "runner_system_failure"), "infra_error");
  EXPECT_EQ(ci_result("failed", "stuck_pending_no_matching_runners"), "timeout");
  EXPECT_EQ(ci_result("failed", "runner_interrupted"), "infra_error");
  EXPECT_EQ(ci_result("canceled"), "cancelled");
  EXPECT_EQ(ci_result("skipped"), "skipped");
  for (const char* status : {"created", "waiting_for_resource", "preparing", "pending", "running",
                             "manual", "scheduled", "canceling", "something new"}) {
    EXPECT_EQ(ci_result(status), std::nullopt) << status;
  }
}

TEST(CiResult, WhatWaitsForAPersonDoesNotChangeByItself) {
  EXPECT_TRUE(is_active("running"));
  EXPECT_TRUE(is_active("canceling"));
  EXPECT_FALSE(is_active("manual"));
  EXPECT_FALSE(is_active("scheduled"));
  EXPECT_FALSE(is_active("success"));
}

}  // namespace
}  // namespace baselined::gitlab
