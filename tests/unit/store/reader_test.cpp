// Readers beside the one writer: what they see, and what they cannot do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "tests/unit/store/collection.h"
#include "tests/unit/store/folder.h"

namespace baselined::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCount = "SELECT count(*) FROM record_thing_1";

TEST(Reader, CannotWrite) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Result<Connection> reader = Connection::open_reader(database_file(folder.state()));
  ASSERT_TRUE(reader);
  for (const std::string sql :
       {"INSERT INTO collector (name) VALUES ('x')", "DELETE FROM collector", "CREATE TABLE t (a)",
        "PRAGMA user_version = 7", "VACUUM"}) {
    EXPECT_FALSE(reader->execute(sql)) << sql;
    EXPECT_FALSE(reader->execute("PRAGMA query_only = OFF; " + sql)) << sql;
  }
}

TEST(Reader, NeverCheckpoints) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection(*store).begin().put({"attic", 1}).commit();
  const fs::path file = database_file(folder.state());
  const std::string before = bytes_of(file);
  const std::string wal_before = bytes_of(file.string() + "-wal");
  {
    Result<Connection> reader = Connection::open_reader(file);
    ASSERT_TRUE(reader);
    EXPECT_EQ(*reader->integer(kCount), 1);
    static_cast<void>(reader->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  EXPECT_TRUE(bytes_of(file) == before);
  EXPECT_TRUE(bytes_of(file.string() + "-wal") == wal_before);
}

TEST(Reader, ClosingAsTheLastConnectionDoesNotCheckpoint) {
  const Folder source;
  const Folder folder;
  fs::create_directory(folder.state());
  const fs::path file = database_file(folder.state());
  {
    const auto store = open_store(source.state());
    Collection(*store).begin().put({"attic", 1}).commit();
    fs::copy_file(database_file(source.state()), file);
    fs::copy_file(database_file(source.state()).string() + "-wal", file.string() + "-wal");
  }
  const std::string before = bytes_of(file);
  const std::string wal_before = bytes_of(file.string() + "-wal");
  {
    Result<Connection> reader = Connection::open_reader(file);
    ASSERT_TRUE(reader);
    EXPECT_EQ(*reader->integer(kCount), 1);
  }
  EXPECT_TRUE(bytes_of(file) == before);
  EXPECT_TRUE(bytes_of(file.string() + "-wal") == wal_before);
}

TEST(Reader, SeesABarrierWholeOrNotAtAll) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Result<Connection> reader = Connection::open_reader(database_file(folder.state()));
  ASSERT_TRUE(reader);
  Collection run(*store);
  run.begin().put({"attic", 1}).put({"attic", 2});
  EXPECT_EQ(*reader->integer(kCount), 0);
  Result<Transaction> snapshot = Transaction::begin_read(*reader);
  ASSERT_TRUE(snapshot);
  run.commit();
  EXPECT_EQ(*reader->integer(kCount), 0);
  ASSERT_TRUE(snapshot->commit());
  EXPECT_EQ(*reader->integer(kCount), 2);
}

TEST(Reader, AnOldSnapshotDoesNotStopTheWriter) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Result<Connection> reader = Connection::open_reader(database_file(folder.state()));
  ASSERT_TRUE(reader);
  Result<Transaction> snapshot = Transaction::begin_read(*reader);
  ASSERT_TRUE(snapshot);
  Collection run(*store);
  for (int number = 1; number <= 5; ++number) {
    EXPECT_EQ(run.begin().put({"attic", number}).commit(), "1 0 0 0");
  }
  EXPECT_EQ(*reader->integer(kCount), 0);
}

// Ends this process as kill -9 would, with one barrier committed and another half written.
[[noreturn]] void write_and_die(const fs::path& state_dir) {
  const auto store = open_store(state_dir);
  Collection run(*store);
  run.begin().put({"attic", 1});
  static_cast<void>(run.sink().set_cursor("", "first"));
  run.commit();
  run.begin().put({"attic", 2}).remove({"attic", 1});
  static_cast<void>(run.sink().set_cursor("", "second"));
  ::raise(SIGKILL);
  ::abort();
}

TEST(Crash, KeepsWhatWasCommittedAndNothingElse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // The style runs this test again in a process of its own: the folder must be the same there.
  const fs::path state =
      fs::path(testing::TempDir()) / ("store_crash_" + std::to_string(::geteuid()));
  EXPECT_EXIT((fs::remove_all(state), write_and_die(state)), testing::KilledBySignal(SIGKILL), "");
  {
    const auto store = open_store(state);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(rows_of(store->connection(), "SELECT id FROM view_thing_1"), "1");
    EXPECT_EQ(*Collection(*store).sink().cursor(""), "first");
    EXPECT_EQ(Collection(*store).begin().put({"attic", 1}).commit(), "0 0 0 1");
    EXPECT_THAT(*find_damage(store->connection()), testing::IsEmpty());
  }
  fs::remove_all(state);
}

TEST(Wal, StaysBoundedOverManyCommits) {
  constexpr std::uintmax_t kBound = std::uintmax_t{64} << 20U;
  const Folder folder;
  const auto store = open_store(folder.state());
  Connection& db = store->connection();
  ASSERT_TRUE(db.execute("CREATE TABLE filler (a BLOB)"));
  const fs::path wal = database_file(folder.state()).string() + "-wal";
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(db.execute("INSERT INTO filler VALUES (zeroblob(10000000))"));
    EXPECT_LT(fs::file_size(wal), kBound);
  }
}

TEST(Wal, IsCutBackWhenAReaderHeldItUp) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Connection& db = store->connection();
  ASSERT_TRUE(db.execute("CREATE TABLE filler (a BLOB)"));
  const fs::path wal = database_file(folder.state()).string() + "-wal";
  {
    Result<Connection> reader = Connection::open_reader(database_file(folder.state()));
    ASSERT_TRUE(reader);
    Result<Transaction> snapshot = Transaction::begin_read(*reader);
    ASSERT_TRUE(snapshot);
    for (int i = 0; i < 8; ++i) {
      ASSERT_TRUE(db.execute("INSERT INTO filler VALUES (zeroblob(10000000))"));
    }
    EXPECT_GT(fs::file_size(wal), std::uintmax_t{64} << 20U);
  }
  ASSERT_TRUE(db.execute("INSERT INTO filler VALUES (zeroblob(10))"));
  EXPECT_LT(fs::file_size(wal), std::uintmax_t{1} << 20U);
}

TEST(Reader, OnAnotherThreadNeverSeesHalf) {
  constexpr int kBarriers = 40;
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().put({"attic", 1, 0}).put({"attic", 2, 0}).commit();
  std::atomic<bool> is_done = false;
  std::atomic<int> halves = 0;
  std::thread other([&] {
    Result<Connection> reader = Connection::open_reader(database_file(folder.state()));
    while (!is_done) {
      const Result<std::int64_t> different =
          reader->integer("SELECT max(amount) - min(amount) FROM record_thing_1");
      halves += different && *different == 0 ? 0 : 1;
    }
  });
  for (int amount = 1; amount <= kBarriers; ++amount) {
    EXPECT_EQ(run.begin().put({"attic", 1, amount}).put({"attic", 2, amount}).commit(), "0 2 0 0");
  }
  is_done = true;
  other.join();
  EXPECT_EQ(halves, 0);
}

}  // namespace
}  // namespace baselined::store
