#include <baselined/testing/fake_host.h>
#include <gtest/gtest.h>
#include <baselined/plugin.hpp>

#include <cmath>

namespace baselined::sdk {
namespace {

constexpr bl_column kColumns[] = {column("id", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
                                  column("flag", BL_BOOL),
                                  column("real", BL_FLOAT),
                                  column("amount", BL_DECIMAL),
                                  column("at", BL_TIME),
                                  column("raw", BL_BYTES)};
constexpr bl_stream kStreams[] = {stream("things", "thing/1", kColumns)};
constexpr About kAbout{.id = "org.example.things", .version = "1.0.0", .summary = "Things"};

using Behaviour = void (*)(Run&);

// A plugin that does what the test last said.

Behaviour& behaviour() {
  static Behaviour current = nullptr;
  return current;
}

class Scripted {
 public:
  Scripted(std::string_view /*config*/, Run& /*run*/) {}
  void collect(Run& run) { behaviour()(run); }  // NOLINT
};

constexpr bl_plugin kPlugin = detail::describe<Scripted>(kAbout, kStreams);

RunResult collect(FakeHost& host, Behaviour next) {
  behaviour() = next;
  return host.collect(&kPlugin, "{}");
}

void emit_id(Run& run, std::string_view id, Value flag = nullptr) {
  run.emit(0, {id, flag, nullptr, nullptr, nullptr, nullptr});
}

TEST(FakeHost, RowsAreGoneWithoutACommit) {
  FakeHost host;
  const RunResult run = collect(host, [](auto& r) {
    emit_id(r, "a");
    r.commit("k", "1");
    emit_id(r, "b");
  });
  EXPECT_EQ(run.rows.size(), 1U);
  EXPECT_EQ(run.discarded_rows, 1U);
  EXPECT_EQ(host.records().size(), 1U);
  EXPECT_EQ(host.cursor("k"), "1");
}

TEST(FakeHost, TheSameRowAgainChangesNothing) {
  FakeHost host;
  const Behaviour two = [](auto& r) {
    emit_id(r, "a");
    emit_id(r, "b");
    r.commit("k", "1");
  };
  EXPECT_EQ(collect(host, two).changed, 2U);
  EXPECT_EQ(collect(host, two).changed, 0U);
  const RunResult third = collect(host, [](auto& r) {
    emit_id(r, "a", true);
    r.remove(0, {"b"});
    r.remove(0, {"never there"});
    r.commit("k", "1");
  });
  EXPECT_EQ(third.changed, 2U);
  EXPECT_EQ(third.removals.size(), 2U);
  ASSERT_EQ(host.records_of("thing/1").size(), 1U);
  EXPECT_EQ(host.records()[0].integer("flag"), 1);
}

TEST(FakeHost, AScopeReplacesItsRecordsAndNoOthers) {
  FakeHost host;
  collect(host, [](auto& r) {
    emit_id(r, "outside");
    r.begin_scope(0, "march");
    emit_id(r, "a");
    emit_id(r, "b");
    r.commit("k", "1");
  });
  EXPECT_EQ(host.records().size(), 3U);
  const RunResult second = collect(host, [](auto& r) {
    r.begin_scope(0, "march");
    emit_id(r, "b");
    r.commit("k", "2");
  });
  EXPECT_EQ(second.changed, 1U);
  ASSERT_EQ(host.records().size(), 2U);
  EXPECT_EQ(host.records()[0].text("id"), "b");
  EXPECT_EQ(host.records()[1].text("id"), "outside");
}

TEST(FakeHost, AScopeThatIsNotCommittedChangesNothing) {
  FakeHost host;
  collect(host, [](auto& r) {
    r.begin_scope(0, "march");
    emit_id(r, "a");
    r.commit("k", "1");
  });
  collect(host, [](auto& r) { r.begin_scope(0, "march"); });
  EXPECT_EQ(host.records().size(), 1U);
}

TEST(FakeHost, JsonHasSortedKeysAndEveryType) {
  FakeHost host;
  const RunResult run = collect(host, [](auto& r) {
    r.emit(0, {"a\"\\\n\x01\xC3\xBC", true, 0.5, Decimal{"-12.50"}, Time{1'772'352'000'000'000},
               Bytes{"\xFF\x01"}});
    r.commit("k", "1");
  });
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(host.ndjson(),
            "{\"contract\":\"thing/1\",\"row\":{\"amount\":\"-12.50\",\"at\":1772352000000000,"
            "\"flag\":true,\"id\":\"a\\\"\\\\\\n\\u0001\xC3\xBC\",\"raw\":\"ff01\","
            "\"real\":0.5}}\n");
}

TEST(FakeHost, RefusesWhatTheRealOneRefuses) {
  const Behaviour wrong[] = {
      [](auto& r) { r.emit(0, {"a"}); },
      [](auto& r) { r.emit(1, {"a"}); },
      [](auto& r) {
        r.emit(0, {nullptr, true, 0.5, nullptr, nullptr, nullptr});
      },
      [](auto& r) {
        r.emit(0, {"a", 1, 0.5, nullptr, nullptr, nullptr});
      },
      [](auto& r) {
        r.emit(0, {"a", true, std::nan(""), nullptr, nullptr, nullptr});
      },
      [](auto& r) {
        r.emit(0, {"a", true, 0.5, Decimal{"1."}, nullptr, nullptr});
      },
      [](auto& r) {
        r.emit(0, {"a\xFF", true, 0.5, nullptr, nullptr, nullptr});
      },
      [](auto& r) {
        r.remove(0, {"a", "b"});
      },
      [](auto& r) { r.remove(0, {nullptr}); },
      [](auto& r) { r.coverage(0, "s", {2}, {1}); },
      [](auto& r) { r.coverage(0, "\xFF", {1}, {2}); },
      [](auto& r) { r.begin_scope(0, ""); },
      [](auto& r) { r.open_set_put(0, "s", std::vector<std::string>{"\xC3"}); },
      [](auto& r) { r.commit("k", "\xFF"); },
  };
  int number = 0;
  for (const Behaviour behaviour : wrong) {
    SCOPED_TRACE(number++);
    FakeHost host;
    const RunResult run = collect(host, behaviour);
    EXPECT_EQ(run.status, BL_ERR_DATA);
    EXPECT_FALSE(run.error.empty());
  }
}

TEST(FakeHost, AfterARefusalNothingIsCommitted) {
  FakeHost host;
  const RunResult run = collect(host, [](auto& r) {
    try {
      r.emit(0, {"a"});
    } catch (const Failure&) {
      r.commit("k", "ignored the failure");
    }
  });
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_EQ(host.cursor("k"), "");
}

TEST(FakeHost, APluginCannotHideARefusal) {
  FakeHost host;
  const RunResult run = collect(host, [](auto& r) { r.host().emit(r.handle(), 9, nullptr, 0, 0); });
  EXPECT_EQ(run.status, BL_ERR_DATA);
}

TEST(FakeHost, ProbeMayNotEmit) {
  FakeHost host;
  host.set_mode(BL_RUN_PROBE);
  EXPECT_EQ(collect(host, [](auto& r) { emit_id(r, "a"); }).status, BL_ERR_DATA);
  EXPECT_EQ(collect(host, [](auto& r) { EXPECT_TRUE(r.is_probe()); }).status, BL_OK);
}

TEST(FakeHost, CancelAtTheNthCallFailsItAndAllLaterOnes) {
  FakeHost host;
  host.cancel_at_call(2);
  const RunResult run = collect(host, [](auto& r) {
    emit_id(r, "a");
    EXPECT_FALSE(r.cancelled());
    r.commit("k", "1");
  });
  EXPECT_EQ(run.status, BL_ERR_CANCELLED);
  EXPECT_TRUE(run.commits.empty());
  host.clear_faults();
  EXPECT_EQ(collect(host, [](auto& r) { r.commit("k", "1"); }).status, BL_OK);
}

TEST(FakeHost, StateIsKeptBetweenRuns) {
  FakeHost host;
  host.set_cursor("k", "from before");
  const RunResult run = collect(host, [](auto& r) {
    EXPECT_EQ(r.cursor("k"), "from before");
    EXPECT_TRUE(r.open_set_get(0, "s").empty());
    r.open_set_put(0, "s", std::vector<std::string>{"b", "a"});
    r.commit("k", "2");
  });
  EXPECT_EQ(run.status, BL_OK);
  EXPECT_EQ(host.open_set("thing/1", "s"), (std::vector<std::string>{"a", "b"}));
  collect(host, [](auto& r) { EXPECT_EQ(r.cursor("k"), "2"); });
}

TEST(FakeHost, NoPluginIsUnsupported) {
  EXPECT_EQ(FakeHost().collect(nullptr, "{}").status, BL_ERR_UNSUPPORTED);
}

}  // namespace
}  // namespace baselined::sdk
