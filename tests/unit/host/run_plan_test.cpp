#include "daemon/host/run_plan.h"

#include <gmock/gmock.h>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(RunPlan, GrantsWhatIsAskedForAndAllowed) {
  config::Collector collector = fake_collector("good");
  collector.manifest.capabilities = {"fs_read", "threads"};
  collector.allow = {"threads", "exec", "fs_read"};
  const auto plan = plan_run(collector, records::Contracts::built_in());
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->granted_capabilities, (1U << 2U) | (1U << 4U));
  EXPECT_EQ(plan->streams.size(), 1U);
}

TEST(RunPlan, RefusesWhatIsNotAllowedAndGivesTheLine) {
  config::Collector collector = fake_collector("good");
  collector.manifest.capabilities = {"fs_read", "threads"};
  collector.allow = {"fs_read"};
  const auto plan = plan_run(collector, records::Contracts::built_in());
  ASSERT_FALSE(plan.has_value());
  EXPECT_EQ(plan.error().code(), Error::Code::config);
  EXPECT_THAT(plan.error().message(),
              AllOf(HasSubstr("collector shop"), HasSubstr("capability threads"),
                    HasSubstr(R"(allow = ["fs_read", "threads"])")));
}

TEST(RunPlan, RefusesAnUnknownCapability) {
  config::Collector collector = fake_collector("good");
  collector.manifest.capabilities = {"fly"};
  collector.allow = {"fly"};
  EXPECT_FALSE(plan_run(collector, records::Contracts::built_in()).has_value());
}

TEST(RunPlan, RefusesAStreamThatFitsNoContract) {
  config::Collector collector = fake_collector("good");
  collector.manifest.streams[0].columns[2].type = CellType::integer;
  const auto plan = plan_run(collector, records::Contracts::built_in());
  ASSERT_FALSE(plan.has_value());
  EXPECT_EQ(plan.error().code(), Error::Code::config);
  EXPECT_THAT(plan.error().message(),
              AllOf(HasSubstr("plugin org.example.fake"), HasSubstr("refs"), HasSubstr("name")));
}

}  // namespace
}  // namespace baselined::host
