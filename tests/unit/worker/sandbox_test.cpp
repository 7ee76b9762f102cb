// What the limits are once a plugin runs: it reports them itself.
#include <gtest/gtest.h>

#include "tests/unit/worker/worker_process.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BL_EXPECTED_MEMORY "none"
#define BL_EXPECTED_DUMPABLE "1"
#else
#define BL_EXPECTED_MEMORY "1073741824"
#define BL_EXPECTED_DUMPABLE "0"
#endif

namespace baselined::worker {
namespace {

std::string reported(WorkerProcess& worker) {
  worker.start(R"({"do":"limits"})");
  const Frame log = worker.expect(wire::FrameType::log);
  const auto message = wire::decode_log(log.payload);
  return message ? std::string(message->text) : "no log line";
}

TEST(Sandbox, LimitsAreInForceWhenThePluginRuns) {
  WorkerProcess worker(plugin("scripted_plugin"),
                       {"--max-memory", "1073741824", "--max-cpu-seconds", "7"});
  EXPECT_EQ(reported(worker),
            // Hard limits: the one of processor time is two seconds behind the soft one.
            "core 0, file 0, open 256, cpu 9, memory " BL_EXPECTED_MEMORY
            ", no_new_privs 1, dumpable " BL_EXPECTED_DUMPABLE ", death signal 9");
}

TEST(Sandbox, WithoutArgumentsMemoryAndTimeAreUnlimited) {
  WorkerProcess worker(plugin("scripted_plugin"));
  EXPECT_NE(reported(worker).find("cpu none, memory none"), std::string::npos);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Sandbox, APluginThatWantsTooMuchMemoryFailsWithALimit) {
  WorkerProcess worker(plugin("scripted_plugin"), {"--max-memory", "1073741824"});
  worker.start(R"({"do":"memory"})");
  const auto error = wire::decode_error(worker.expect(wire::FrameType::error).payload);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 9);
  const auto done = wire::decode_done(worker.expect(wire::FrameType::done).payload);
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->was_short_of_memory);
}
#endif

}  // namespace
}  // namespace baselined::worker
