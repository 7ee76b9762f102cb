// Scopes that a barrier replaces whole, and the state beside the records.
#include <gtest/gtest.h>

#include <ostream>

#include "tests/unit/store/collection.h"
#include "tests/unit/store/folder.h"

namespace baselined::store {
namespace {

constexpr const char* kAlive = "SELECT id FROM view_thing_1 ORDER BY id";

TEST(Scope, RecordsThatDoNotComeAgainAreRemoved) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection first(*store, 1, 1000);
  EXPECT_EQ(first.begin().scope("may").put({"a", 1}).put({"a", 2}).put({"a", 3}).commit(),
            "3 0 0 0");
  Collection second(*store, 2, 2000);
  EXPECT_EQ(second.begin().scope("may").put({"a", 1}).put({"a", 2, 9}).put({"a", 4}).commit(),
            "1 1 1 1");
  EXPECT_EQ(rows_of(store->connection(), kAlive), "1;2;4");
  EXPECT_EQ(rows_of(store->connection(),
                    "SELECT run_id, changed_at, removed_at FROM record_thing_1 WHERE id = 3"),
            "2|2000|2000");
  EXPECT_EQ(rows_of(store->connection(), "SELECT row FROM record_change ORDER BY row"), "2;3");
}

TEST(Scope, SameContentAgainChangesNothing) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection(*store, 1, 1000).begin().scope("may").put({"a", 1}).put({"a", 2}).commit();
  const std::string everything = "SELECT * FROM record_thing_1";
  const std::string before = rows_of(store->connection(), everything);
  Collection again(*store, 2, 2000);
  EXPECT_EQ(again.begin().scope("may").put({"a", 2}).put({"a", 1}).commit(), "0 0 0 2");
  EXPECT_EQ(rows_of(store->connection(), everything), before);
}

TEST(Scope, AnEmptyOneRemovesAll) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().scope("may").put({"a", 1}).put({"a", 2}).commit();
  EXPECT_EQ(run.begin().scope("may").commit(), "0 0 2 0");
  EXPECT_EQ(run.begin().scope("may").commit(), "0 0 0 0");
}

TEST(Scope, OthersAreLeftAlone) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  Collection garden(*store, 1, 1000, "garden");
  run.begin().put({"a", 1}).scope("may").put({"a", 2}).scope("june").put({"a", 3}).commit();
  garden.begin().scope("may").put({"a", 4}).commit();
  EXPECT_EQ(run.begin().scope("may").put({"a", 5}).commit(), "1 0 1 0");
  EXPECT_EQ(rows_of(store->connection(), kAlive), "1;3;4;5");
}

TEST(Scope, ARecordMovesToTheScopeThatNamesIt) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().put({"a", 1}).scope("may").put({"a", 2}).commit();
  EXPECT_EQ(run.begin().scope("june").put({"a", 1}).put({"a", 2}).commit(), "0 0 0 2");
  EXPECT_EQ(run.begin().scope("may").commit(), "0 0 0 0");
  EXPECT_EQ(run.begin().scope("june").commit(), "0 0 2 0");
}

TEST(Scope, EndsWithTheBarrier) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().scope("may").put({"a", 1}).commit();
  EXPECT_EQ(run.begin().put({"a", 2}).commit(), "1 0 0 0");
  EXPECT_EQ(rows_of(store->connection(), kAlive), "1;2");
  EXPECT_EQ(run.begin().scope("may").put({"a", 1}).commit(), "0 0 0 1");
  EXPECT_EQ(rows_of(store->connection(), kAlive), "1;2");
}

TEST(Scope, TwoStreamsOfAContractFillOneTogether) {
  const Folder folder;
  const auto store = open_store(folder.state());
  const FixedClock clock(1000);
  const auto mapping = records::StreamMapping::create(records::thing::contracts(),
                                                      records::thing::stream_of({"place", "sha"}));
  const auto sink = *store->record_sink("house", 1, clock);
  const auto first = *sink->open_stream(*mapping);
  const auto second = *sink->open_stream(*mapping);
  std::vector<Cell> fields(records::thing::contracts().all()[0].fields.size());
  fields[records::thing::kPlace] = Cell::of_text("a");
  const std::string one(20, '\1');
  const std::string two(20, '\2');
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(sink->begin());
    ASSERT_TRUE(sink->begin_scope(first, "may"));
    ASSERT_TRUE(sink->begin_scope(second, "may"));
    fields[records::thing::kShaField] = Cell::of_text(one, CellType::bytes);
    ASSERT_TRUE(sink->put(first, fields));
    fields[records::thing::kShaField] = Cell::of_text(two, CellType::bytes);
    ASSERT_TRUE(sink->put(second, fields));
    const auto counts = sink->commit();
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->at("thing/1").removed, 0U);
    EXPECT_EQ(counts->at("thing/1").rows, 2U);
  }
}

TEST(Scope, TheSweepFindsItsRecordsByIndex) {
  const Folder folder;
  const auto store = open_store(folder.state());
  const std::string plan = rows_of(store->connection(),
                                   "EXPLAIN QUERY PLAN SELECT id FROM record_thing_1"
                                   " WHERE collector = 1 AND scope = 2 AND removed_at IS NULL");
  EXPECT_NE(plan.find("record_thing_1_scope"), std::string::npos) << plan;
}

TEST(Cursor, IsWhatTheLastCommitSaved) {
  const Folder folder;
  {
    const auto store = open_store(folder.state());
    Collection run(*store);
    EXPECT_EQ(*run.sink().cursor("pages"), "");
    run.begin();
    ASSERT_TRUE(run.sink().set_cursor("pages", "1"));
    ASSERT_TRUE(run.sink().set_cursor("", "whole"));
    run.commit();
    run.begin();
    ASSERT_TRUE(run.sink().set_cursor("pages", "2"));
    run.commit();
  }
  const auto store = open_store(folder.state());
  Collection run(*store);
  EXPECT_EQ(*run.sink().cursor("pages"), "2");
  EXPECT_EQ(*run.sink().cursor(""), "whole");
  Collection garden(*store, 1, 1000, "garden");
  EXPECT_EQ(*garden.sink().cursor("pages"), "");
}

TEST(OpenSet, IsReplacedWhole) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  const std::vector<std::string_view> first{"b", "a", "b"};
  const std::vector<std::string_view> second{"c"};
  run.begin();
  ASSERT_TRUE(run.sink().set_open_set(run.stream(), "attic", first));
  ASSERT_TRUE(run.sink().set_open_set(run.stream(), "cellar", second));
  run.commit();
  EXPECT_EQ(*run.sink().open_set(run.stream(), "attic"), (std::vector<std::string>{"a", "b"}));
  run.begin();
  ASSERT_TRUE(run.sink().set_open_set(run.stream(), "attic", second));
  ASSERT_TRUE(run.sink().set_open_set(run.stream(), "cellar", {}));
  run.commit();
  EXPECT_EQ(*run.sink().open_set(run.stream(), "attic"), (std::vector<std::string>{"c"}));
  EXPECT_EQ(*run.sink().open_set(run.stream(), "cellar"), std::vector<std::string>());
}

struct CoverageCase {
  friend void PrintTo(const CoverageCase& test, std::ostream* out) { *out << test.what; }

  std::string_view what;
  std::vector<records::Coverage> told;
  std::string_view kept;  // from|to|reason
};

class CoverageKeeps : public testing::TestWithParam<CoverageCase> {};

TEST_P(CoverageKeeps, TheLastCompleteSpanAndTheLastReason) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  for (const records::Coverage& coverage : GetParam().told) {
    run.begin();
    ASSERT_TRUE(run.sink().set_coverage(coverage));
    run.commit();
  }
  EXPECT_EQ(rows_of(store->connection(), "SELECT from_us, to_us, reason FROM coverage"),
            GetParam().kept);
}

INSTANTIATE_TEST_SUITE_P(
    Sequences, CoverageKeeps,
    testing::Values(
        CoverageCase{"Complete", {{"thing/1", "a", 10, 20, ""}}, "10|20|"},
        CoverageCase{
            "SinceTheBeginning", {{"thing/1", "a", INT64_MIN, 20, ""}}, "-9223372036854775808|20|"},
        CoverageCase{"NeverComplete", {{"thing/1", "a", 10, 20, "shallow"}}, "10|10|shallow"},
        CoverageCase{"IncompleteAfterComplete",
                     {{"thing/1", "a", 10, 20, ""}, {"thing/1", "a", 15, 30, "cut off"}},
                     "10|20|cut off"},
        CoverageCase{"CompleteAfterIncomplete",
                     {{"thing/1", "a", 10, 20, "cut off"}, {"thing/1", "a", 15, 30, ""}},
                     "15|30|"}),
    [](const auto& test) { return std::string(test.param.what); });

}  // namespace
}  // namespace baselined::store
