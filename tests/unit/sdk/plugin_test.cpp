// plugin.hpp through the C boundary: what a class throws and does becomes statuses and calls.
#include <baselined/testing/fake_host.h>
#include <gtest/gtest.h>
#include <baselined/plugin.hpp>

#include <functional>
#include <limits>

namespace baselined {
namespace {

using sdk::FakeHost;

constexpr bl_column kColumns[] = {column("id", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED, "Its id."),
                                  column("size", BL_INT)};
constexpr bl_stream kStreams[] = {stream("things", "thing/1", kColumns, "Things.")};
constexpr About kAbout{.id = "org.example.things",
                       .version = "1.2.3",
                       .summary = "Things",
                       .config_schema = R"({"type":"object"})",
                       .capabilities = BL_CAP_FS_READ};

// Each test says what the plugin does.
std::function<void(std::string_view, Run&)>& on_create() {
  static std::function<void(std::string_view, Run&)> behaviour;
  return behaviour;
}
std::function<void(Run&)>& on_collect() {
  static std::function<void(Run&)> behaviour;
  return behaviour;
}
int& alive() {
  static int count = 0;
  return count;
}

class Scripted {
 public:
  Scripted(std::string_view config, Run& run) {
    if (on_create()) {
      on_create()(config, run);
    }
    ++alive();
  }
  Scripted(const Scripted&) = delete;
  Scripted& operator=(const Scripted&) = delete;
  ~Scripted() { --alive(); }

  void collect(Run& run) {  // NOLINT(readability-convert-member-functions-to-static)
    if (on_collect()) {
      on_collect()(run);
    }
  }
};

class Plugin : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(alive(), 0);
    on_create() = nullptr;
    on_collect() = nullptr;
  }

  static const bl_plugin& plugin() {
    static constexpr bl_plugin kPlugin = detail::describe<Scripted>(kAbout, kStreams);
    return kPlugin;
  }
  sdk::RunResult run(std::string_view options = "{}") { return host_.collect(&plugin(), options); }

  FakeHost host_;
};

TEST_F(Plugin, DescriptorSaysWhatAboutSays) {
  EXPECT_EQ(to_view(plugin().id), "org.example.things");
  EXPECT_EQ(to_view(plugin().version), "1.2.3");
  EXPECT_EQ(plugin().struct_size, sizeof(bl_plugin));
  EXPECT_EQ(plugin().abi_major, BL_ABI_MAJOR);
  EXPECT_EQ(plugin().abi_minor, BL_TARGET_MINOR);
  EXPECT_EQ(plugin().capabilities, BL_CAP_FS_READ);
  ASSERT_EQ(plugin().n_streams, 1U);
  EXPECT_EQ(to_view(plugin().streams[0].contract), "thing/1");
  ASSERT_EQ(plugin().streams[0].n_columns, 2U);
  EXPECT_EQ(to_view(plugin().streams[0].columns[0].description), "Its id.");
  EXPECT_EQ(plugin().get_extension("anything"), nullptr);
}

TEST_F(Plugin, AHostThatIsTooOldGetsNothing) {
  bl_plugin newer = plugin();
  newer.abi_minor = 2;
  EXPECT_EQ(detail::accept(newer, 1), nullptr);
  EXPECT_EQ(detail::accept(newer, 2), &newer);
}

TEST_F(Plugin, OptionsReachTheConstructor) {
  std::string seen;
  on_create() = [&](std::string_view config, auto&) { seen = config; };
  EXPECT_EQ(run(R"({"a":1})").status, BL_OK);
  EXPECT_EQ(seen, R"({"a":1})");
}

TEST_F(Plugin, RowsRemovalsAndTheRestReachTheHost) {
  on_collect() = [](auto& run) {
    run.emit(0, {"a", 1});
    const std::vector<Value> two = {"b", 2, "c", nullptr};
    run.emit_rows(0, two, 2);
    run.remove(0, {"z"});
    run.coverage(0, "all", {BL_BEGINNING}, {100}, "");
    run.open_set_put(0, "all", std::vector<std::string>{"x", "y"});
    run.progress(3, 3, "things");
    run.warn("careful");
    run.commit("k", "c1");
    EXPECT_EQ(run.cursor("k"), "c1");
    EXPECT_EQ(run.open_set_get(0, "all"), (std::vector<std::string>{"x", "y"}));
  };
  const auto result = run();
  ASSERT_EQ(result.status, BL_OK) << result.error;
  EXPECT_EQ(result.ndjson(),
            "{\"contract\":\"thing/1\",\"row\":{\"id\":\"a\",\"size\":1}}\n"
            "{\"contract\":\"thing/1\",\"row\":{\"id\":\"b\",\"size\":2}}\n"
            "{\"contract\":\"thing/1\",\"row\":{\"id\":\"c\",\"size\":null}}\n");
  ASSERT_EQ(result.removals.size(), 1U);
  EXPECT_EQ(result.removals[0].text("id"), "z");
  ASSERT_EQ(result.coverage.size(), 1U);
  EXPECT_EQ(result.coverage[0].from_us, std::numeric_limits<std::int64_t>::min());
  ASSERT_EQ(result.progress.size(), 1U);
  EXPECT_EQ(result.progress[0].unit, "things");
  ASSERT_EQ(result.logs.size(), 1U);
  EXPECT_EQ(result.logs[0].level, BL_WARN);
}

TEST_F(Plugin, ModeWindowAndNowComeFromTheHost) {
  host_.set_mode(BL_RUN_BACKFILL);
  host_.set_window(10, 20);
  host_.freeze_now(15);
  on_collect() = [](auto& run) {
    EXPECT_EQ(run.mode(), BL_RUN_BACKFILL);
    EXPECT_FALSE(run.is_probe());
    EXPECT_EQ(run.window().begin, Time{10});
    EXPECT_EQ(run.window().end, Time{20});
    EXPECT_EQ(run.now(), Time{15});
  };
  EXPECT_EQ(run().status, BL_OK);
}

TEST_F(Plugin, WithoutTheExtensionProgressDoesNothing) {
  host_.without_extensions();
  on_collect() = [](auto& run) { run.progress(1, 2, "things"); };
  const auto result = run();
  EXPECT_EQ(result.status, BL_OK);
  EXPECT_TRUE(result.progress.empty());
}

TEST_F(Plugin, AFailureKeepsStatusTextAndRetry) {
  on_collect() = [](auto&) {
    throw Failure(BL_ERR_RATE_LIMITED, "slow down", std::chrono::seconds(30));
  };
  const auto result = run();
  EXPECT_EQ(result.status, BL_ERR_RATE_LIMITED);
  EXPECT_EQ(result.error, "slow down");
  EXPECT_EQ(result.retry_after_ms, 30'000);
}

TEST_F(Plugin, AnExceptionWhileCreatingIsAConfigError) {
  on_create() = [](std::string_view, auto&) { throw std::runtime_error("no such path"); };
  const auto result = run();
  EXPECT_EQ(result.status, BL_ERR_CONFIG);
  EXPECT_EQ(result.error, "no such path");
}

TEST_F(Plugin, AnExceptionWhileCollectingIsADataError) {
  on_collect() = [](auto&) { throw std::out_of_range("page 3"); };
  const auto result = run();
  EXPECT_EQ(result.status, BL_ERR_DATA);
  EXPECT_EQ(result.error, "page 3");
}

TEST_F(Plugin, WhateverIsThrownBecomesAStatus) {
  on_collect() = [](auto&) { throw 42; };
  EXPECT_EQ(run().status, BL_ERR_DATA);
  on_collect() = [](auto&) { throw std::bad_alloc(); };
  EXPECT_EQ(run().status, BL_ERR_LIMIT);
  on_collect() = [](auto&) { throw Failure(BL_OK, "fine?"); };
  EXPECT_EQ(run().status, BL_ERR_INTERNAL);
  on_collect() = [](auto&) { throw Failure(77); };
  EXPECT_EQ(run().status, BL_ERR_INTERNAL);
}

TEST_F(Plugin, AFailedCallKeepsTheReasonOfTheHost) {
  on_collect() = [](auto& run) { run.emit(0, {"a"}); };
  const auto result = run();
  EXPECT_EQ(result.status, BL_ERR_DATA);
  EXPECT_EQ(result.error, "stream things: 1 cells, 2 columns are declared");
}

TEST_F(Plugin, StopIfCancelledEndsTheRun) {
  host_.cancel_at_poll(3);
  on_collect() = [](auto& run) {
    while (true) {
      run.stop_if_cancelled();
    }
  };
  const auto result = run();
  EXPECT_EQ(result.status, BL_ERR_CANCELLED);
  EXPECT_EQ(result.polls, 3U);
}

TEST_F(Plugin, CellsThatAreNotWholeRowsAreABug) {
  on_collect() = [](auto& run) {
    const std::vector<Value> cells = {"a", 1, "b"};
    run.emit_rows(0, cells, 2);
  };
  EXPECT_EQ(run().status, BL_ERR_INTERNAL);
}

TEST_F(Plugin, EveryHostCallMayFailWithEveryStatus) {
  on_collect() = [](auto& run) {
    run.cursor("k");
    run.open_set_get(0, "all");
    run.begin_scope(0, "all");
    run.emit(0, {"a", 1});
    run.remove(0, {"z"});
    run.coverage(0, "all", {0}, {1});
    run.open_set_put(0, "all", std::vector<std::string>{"x"});
    run.commit("k", "c");
  };
  const std::uint64_t calls = run().calls;
  ASSERT_EQ(calls, 8U);
  for (std::uint64_t nth = 1; nth <= calls; ++nth) {
    for (bl_status status = BL_ERR_CONFIG; status <= BL_ERR_LIMIT; ++status) {
      host_.fail_at_call(nth, status);
      const auto result = run();
      EXPECT_EQ(result.status, status);
      EXPECT_EQ(result.calls, nth);
      EXPECT_TRUE(result.commits.empty());
    }
  }
}

}  // namespace
}  // namespace baselined
