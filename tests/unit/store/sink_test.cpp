// The record sink: what a barrier does to records, and what it counts.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "daemon/store/collector_state.h"
#include "tests/unit/store/collection.h"
#include "tests/unit/store/folder.h"

namespace baselined::store {
namespace {

constexpr const char* kThings = "SELECT id, place, amount, kind FROM view_thing_1 ORDER BY id";
constexpr const char* kChanges = "SELECT contract, row FROM record_change ORDER BY seq";

TEST(TransactionSink, InsertsRecords) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  EXPECT_EQ(run.begin().put({"attic", 1, 5}).put({"cellar", 2, 6, "square"}).commit(), "2 0 0 0");
  EXPECT_EQ(rows_of(store->connection(), kThings), "1|attic|5|round;2|cellar|6|square");
  EXPECT_EQ(rows_of(store->connection(), "SELECT hex(sha), labels FROM record_thing_1 LIMIT 1"),
            "0000000000000000000000000000000000000001|-");
  EXPECT_EQ(rows_of(store->connection(), kChanges), "");
}

TEST(TransactionSink, SameContentAgainChangesNothing) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection(*store, 1, 1000).begin().put({"attic", 1}).put({"attic", 2}).commit();
  const std::string everything = "SELECT * FROM record_thing_1";
  const std::string before = rows_of(store->connection(), everything);
  Collection again(*store, 2, 2000);
  EXPECT_EQ(again.begin().put({"attic", 1}).put({"attic", 2}).commit(), "0 0 0 2");
  EXPECT_EQ(rows_of(store->connection(), everything), before);
  EXPECT_EQ(rows_of(store->connection(), kChanges), "");
}

TEST(TransactionSink, AChangeMovesChangedAtAndRunButNotFirstSeenAt) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection(*store, 1, 1000).begin().put({"attic", 1, 5}).put({"attic", 2, 5}).commit();
  Collection again(*store, 2, 2000);
  EXPECT_EQ(again.begin().put({"attic", 1, 5}).put({"attic", 2, 7}).commit(), "0 1 0 1");
  EXPECT_EQ(rows_of(store->connection(),
                    "SELECT id, run_id, first_seen_at, changed_at, amount FROM record_thing_1"),
            "1|1|1000|1000|5;2|2|1000|2000|7");
  EXPECT_EQ(rows_of(store->connection(), kChanges), "thing/1|2");
}

TEST(TransactionSink, NullOverwritesAndDiffersFromZero) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection(*store).begin().put({"attic", 1, 0}).commit();
  Collection again(*store);
  std::vector<Cell> fields(records::thing::contracts().all()[0].fields.size());
  fields[records::thing::kPlace] = Cell::of_text("attic");
  const std::string sha(19, '\0');
  const std::string bytes = sha + "\x01";
  fields[records::thing::kShaField] = Cell::of_text(bytes, CellType::bytes);
  again.begin();
  ASSERT_TRUE(again.sink().put(again.stream(), fields));
  EXPECT_EQ(again.commit(), "0 1 0 0");
  EXPECT_EQ(rows_of(store->connection(), "SELECT amount, kind FROM record_thing_1"), "-|-");
}

TEST(TransactionSink, ColumnsThatAStreamDoesNotDeclareKeepTheirValue) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection(*store).begin().put({"attic", 1, 5, "square"}).commit();
  Collection narrow(*store, 2, 2000, "house", {"amount", "sha", "place"});
  EXPECT_EQ(narrow.begin().put({"attic", 1, 6}).commit(), "0 1 0 0");
  EXPECT_EQ(rows_of(store->connection(), kThings), "1|attic|6|square");
}

TEST(TransactionSink, AStreamOfKeysOnlyInsertsAndRevives) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection keys(*store, 1, 1000, "house", {"place", "sha"});
  EXPECT_EQ(keys.begin().put({"attic", 1}).commit(), "1 0 0 0");
  EXPECT_EQ(keys.begin().put({"attic", 1}).commit(), "0 0 0 1");
  EXPECT_EQ(keys.begin().remove({"attic", 1}).commit(), "0 0 1 0");
  EXPECT_EQ(keys.begin().put({"attic", 1}).commit(), "0 1 0 0");
}

TEST(TransactionSink, TheSameKeyTwiceInABarrierEndsWithTheLast) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  EXPECT_EQ(run.begin().put({"attic", 1, 5}).put({"attic", 1, 6}).put({"attic", 1, 6}).commit(),
            "1 1 0 1");
  EXPECT_EQ(rows_of(store->connection(), kThings), "1|attic|6|round");
}

TEST(TransactionSink, AnUpdateIsNotTakenForAnInsertWhenATextGetsTheSameNumber) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().put({"attic", 1}).commit();
  // The next record is number 2, and so is the text that the update brings.
  ASSERT_TRUE(store->connection().execute("DELETE FROM text WHERE id > 1"));
  Collection named(*store, 2, 2000, "house", {"place", "sha", "name"});
  EXPECT_EQ(named.begin().put({"attic", 1, 1, "new text"}).commit(), "0 1 0 0");
  ASSERT_EQ(rows_of(store->connection(), "SELECT name FROM record_thing_1"), "2");
}

TEST(TransactionSink, CollectorsDoNotShareKeys) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection house(*store, 1, 1000, "house");
  Collection garden(*store, 2, 1000, "garden");
  EXPECT_EQ(house.begin().put({"attic", 1, 5}).commit(), "1 0 0 0");
  EXPECT_EQ(garden.begin().put({"attic", 1, 6}).commit(), "1 0 0 0");
  EXPECT_EQ(house.begin().remove({"attic", 1}).commit(), "0 0 1 0");
  EXPECT_EQ(rows_of(store->connection(), "SELECT collector, amount FROM view_thing_1"), "garden|6");
}

TEST(TransactionSink, RemovedRecordsBecomeTombstones) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection(*store, 1, 1000).begin().put({"attic", 1}).put({"attic", 2}).commit();
  Collection again(*store, 2, 2000);
  EXPECT_EQ(again.begin().remove({"attic", 1}).commit(), "0 0 1 0");
  EXPECT_EQ(rows_of(store->connection(), "SELECT id FROM view_thing_1"), "2");
  EXPECT_EQ(rows_of(store->connection(),
                    "SELECT run_id, first_seen_at, changed_at, removed_at, amount"
                    " FROM record_thing_1 WHERE id = 1"),
            "2|1000|2000|2000|1");
  EXPECT_EQ(rows_of(store->connection(), kChanges), "thing/1|1");
}

TEST(TransactionSink, RemovingWhatIsNotThereIsNoErrorAndNoChange) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().put({"attic", 1}).remove({"attic", 1}).commit();
  const std::string texts = rows_of(store->connection(), "SELECT count(*) FROM text");
  EXPECT_EQ(run.begin().remove({"attic", 1}).remove({"attic", 2}).remove({"moon", 1}).commit(),
            "0 0 0 0");
  EXPECT_EQ(rows_of(store->connection(), "SELECT count(*) FROM text"), texts);
}

TEST(TransactionSink, ARemovedRecordThatComesAgainLivesAgainUnderItsNumber) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection(*store, 1, 1000).begin().put({"attic", 1}).commit();
  Collection(*store, 2, 2000).begin().remove({"attic", 1}).commit();
  Collection again(*store, 3, 3000);
  EXPECT_EQ(again.begin().put({"attic", 1}).commit(), "0 1 0 0");
  EXPECT_EQ(rows_of(store->connection(),
                    "SELECT id, run_id, first_seen_at, changed_at, removed_at FROM record_thing_1"),
            "1|3|1000|3000|-");
  EXPECT_EQ(rows_of(store->connection(), kChanges), "thing/1|1;thing/1|1");
}

TEST(TransactionSink, NumbersGoOnAfterReopening) {
  const Folder folder;
  {
    const auto store = open_store(folder.state());
    Collection(*store).begin().put({"attic", 1}).put({"attic", 2}).commit();
    Collection(*store).begin().remove({"attic", 2}).commit();
  }
  const auto store = open_store(folder.state());
  Collection run(*store);
  EXPECT_EQ(run.begin().put({"attic", 3}).commit(), "1 0 0 0");
  EXPECT_EQ(rows_of(store->connection(), "SELECT id FROM view_thing_1 ORDER BY id"), "1;3");
}

TEST(TransactionSink, RollbackLeavesNothing) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().scope("month").put({"attic", 1});
  ASSERT_TRUE(run.sink().set_cursor("", "page 2"));
  ASSERT_TRUE(run.sink().set_coverage({"thing/1", "attic", 0, 10, ""}));
  const std::vector<std::string_view> keys{"a"};
  ASSERT_TRUE(run.sink().set_open_set(run.stream(), "attic", keys));
  run.sink().rollback();
  for (const std::string table : {"record_thing_1", "text", "collector", "cursor", "coverage",
                                  "open_item", "record_change"}) {
    EXPECT_EQ(rows_of(store->connection(), "SELECT count(*) FROM " + table), "0") << table;
  }
  EXPECT_EQ(*run.sink().cursor(""), "");
}

// Two transactions would leave a moment, too short for a kill at random to meet it.
TEST(TransactionSink, ABarrierWithAllThatItCanHoldIsOneTransaction) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().put({"attic", 1}).put({"attic", 2}).commit();
  int commits = 0;
  const auto count = [](void* number) {
    ++*static_cast<int*>(number);
    return 0;
  };
  sqlite3_commit_hook(store->connection().handle(), count, &commits);
  run.begin().scope("floor").put({"attic", 3}).put({"cellar", 1}).remove({"attic", 1});
  ASSERT_TRUE(run.sink().set_cursor("", "here"));
  ASSERT_TRUE(run.sink().set_validator("/a", {"\"1\"", ""}));
  ASSERT_TRUE(run.sink().set_open_set(run.stream(), "", std::vector<std::string_view>{"one"}));
  ASSERT_TRUE(run.sink().set_coverage({"thing/1", "", 0, 5, ""}));
  EXPECT_EQ(commits, 0);
  run.commit();
  EXPECT_EQ(commits, 1);
  sqlite3_commit_hook(store->connection().handle(), nullptr, nullptr);
}

TEST(TransactionSink, WhatASourceSaidOfAnAnswerIsKeptPerCollectorAndForgottenWhenItSaysNothing) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin();
  ASSERT_TRUE(run.sink().set_validator("/a", {"\"1\"", ""}));
  ASSERT_TRUE(run.sink().set_validator("/b", {"", "Mon, 01 Jan 2024 00:00:00 GMT"}));
  run.sink().rollback();
  EXPECT_TRUE(run.sink().validator("/a")->is_empty());
  run.begin();
  ASSERT_TRUE(run.sink().set_validator("/a", {"\"1\"", ""}));
  ASSERT_TRUE(run.sink().set_validator("/b", {"", "Mon, 01 Jan 2024 00:00:00 GMT"}));
  run.commit();
  EXPECT_EQ(run.sink().validator("/a")->etag, "\"1\"");
  EXPECT_EQ(run.sink().validator("/b")->last_modified, "Mon, 01 Jan 2024 00:00:00 GMT");
  run.begin();
  ASSERT_TRUE(run.sink().set_validator("/a", {"\"2\"", ""}));
  ASSERT_TRUE(run.sink().set_validator("/b", {}));
  run.commit();
  EXPECT_EQ(run.sink().validator("/a")->etag, "\"2\"");
  EXPECT_TRUE(run.sink().validator("/b")->is_empty());
}

TEST(TransactionSink, OfManyTargetsTheNewestAreKept) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin();
  for (std::int64_t page = 0; page <= CollectorState::kMaxValidators; ++page) {
    ASSERT_TRUE(run.sink().set_validator("/" + std::to_string(page), {"\"1\"", ""}));
  }
  ASSERT_TRUE(run.sink().set_validator("/1", {"\"2\"", ""}));
  run.commit();
  EXPECT_TRUE(run.sink().validator("/0")->is_empty());
  EXPECT_EQ(run.sink().validator("/1")->etag, "\"2\"");
  EXPECT_EQ(rows_of(store->connection(), "SELECT count(*) FROM http_validator"), "10000");
}

TEST(TransactionSink, WorksAgainAfterARollback) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().scope("month").put({"attic", 1});
  run.sink().rollback();
  // Numbers of texts of the rolled back transaction must not be used.
  EXPECT_EQ(run.begin().put({"cellar", 1}).put({"attic", 1}).commit(), "2 0 0 0");
  EXPECT_EQ(run.begin().scope("month").put({"attic", 1}).commit(), "0 0 0 1");
  EXPECT_EQ(rows_of(store->connection(), "SELECT place FROM view_thing_1 ORDER BY id"),
            "cellar;attic");
}

TEST(TransactionSink, DestroyedWithinABarrierRollsBack) {
  const Folder folder;
  const auto store = open_store(folder.state());
  { Collection(*store).begin().put({"attic", 1}); }
  EXPECT_FALSE(store->connection().in_transaction());
  EXPECT_EQ(rows_of(store->connection(), "SELECT count(*) FROM record_thing_1"), "0");
}

TEST(TransactionSink, AFailureForbidsTheCommit) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().put({"attic", 1});
  EXPECT_FALSE(run.sink().set_coverage({"thing/1", "attic", 10, 0, ""}));
  EXPECT_FALSE(run.sink().set_cursor("", "page 2"));
  EXPECT_FALSE(run.sink().commit());
  EXPECT_FALSE(store->connection().in_transaction());
  EXPECT_EQ(rows_of(store->connection(), "SELECT count(*) FROM record_thing_1"), "0");
  EXPECT_EQ(run.begin().put({"attic", 1}).commit(), "1 0 0 0");
}

TEST(TransactionSink, ATransactionThatSqliteEndedIsNotWrittenOn) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().put({"attic", 1});
  ASSERT_TRUE(store->connection().execute("ROLLBACK"));  // as SQLite does on a full disk
  EXPECT_FALSE(run.sink().set_cursor("", "page 2"));
  EXPECT_FALSE(run.sink().commit());
  EXPECT_EQ(*run.sink().cursor(""), "");
}

TEST(TransactionSink, OneBarrierAtATime) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection house(*store, 1, 1000, "house");
  Collection garden(*store, 2, 1000, "garden");
  house.begin();
  EXPECT_FALSE(garden.sink().begin());
  EXPECT_EQ(house.put({"attic", 1}).commit(), "1 0 0 0");
  EXPECT_EQ(garden.begin().put({"attic", 1}).commit(), "1 0 0 0");
}

TEST(TransactionSink, AStreamOfAnUnknownTableIsAnError) {
  const Folder folder;
  const auto store = Store::open(folder.state(), records::Contracts::built_in());
  ASSERT_TRUE(store) << store.error().message();
  const FixedClock clock(1000);
  const auto mapping = records::StreamMapping::create(records::thing::contracts(),
                                                      records::thing::stream_of({"place", "sha"}));
  const auto sink = (*store)->record_sink("house", 1, clock);
  ASSERT_TRUE(sink);
  EXPECT_FALSE((*sink)->open_stream(*mapping));
}

}  // namespace
}  // namespace baselined::store
