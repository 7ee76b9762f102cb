// Opening a store: the directory, the lock, and files that are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/migrations.h"
#include "tests/unit/store/collection.h"
#include "tests/unit/store/folder.h"

namespace baselined::store {
namespace {

namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
}

// The error of opening; empty where it can be opened.
Error open_error(const fs::path& state_dir) {
  const auto store = Store::open(state_dir, records::thing::contracts());
  return store ? Error(Error::Code::internal, "") : store.error();
}

// A store with one record, closed.
fs::path make_store(const Folder& folder) {
  const auto store = open_store(folder.state());
  Collection(*store).begin().put({"attic", 1}).commit();
  return database_file(folder.state());
}

// Writes with SQLite itself, as another program would.
void alter(const Folder& folder, const std::string& sql) {
  const auto store = open_store(folder.state());
  const Status altered = store->connection().execute(sql);
  ASSERT_TRUE(altered) << altered.error().message();
}

TEST(StoreOpen, CreatesDirectoryAndFileForTheOwnerOnly) {
  const Folder folder;
  const auto store = open_store(folder.state());
  EXPECT_EQ(mode_of(folder.state()), 0700U);
  EXPECT_EQ(mode_of(database_file(folder.state())), 0600U);
  EXPECT_EQ(mode_of(database_file(folder.state()).string() + "-wal"), 0600U);
  EXPECT_EQ(mode_of(folder.state() / "lock"), 0600U);
}

TEST(StoreOpen, SetsWhatDurabilityNeeds) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Connection& db = store->connection();
  EXPECT_EQ(rows_of(db, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(*db.integer("PRAGMA synchronous"), 2);
  EXPECT_EQ(*db.integer("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(*db.integer("PRAGMA application_id"), kApplicationId);
  EXPECT_EQ(*db.integer("PRAGMA user_version"), schema_version());
}

TEST(StoreOpen, KeepsRecordsOverReopening) {
  const Folder folder;
  make_store(folder);
  const auto store = open_store(folder.state());
  EXPECT_EQ(rows_of(store->connection(), "SELECT place FROM view_thing_1"), "attic");
}

// The log in particular: what is in it belongs to one file, and people move files.
TEST(StoreOpen, ACleanEndLeavesAllInTheDatabaseAndNothingInTheLog) {
  const Folder folder;
  const fs::path file = make_store(folder);
  EXPECT_EQ(fs::file_size(file.string() + "-wal"), 0U);
  Result<Connection> alone = Connection::open_without_log(file);
  ASSERT_TRUE(alone) << alone.error().message();
  EXPECT_EQ(*alone->integer("SELECT count(*) FROM record_thing_1"), 1);
}

TEST(StoreOpen, TheWalStaysAfterClosingSoThatReadersGoOnWorking) {
  const Folder folder;
  const fs::path file = make_store(folder);
  EXPECT_TRUE(fs::exists(file.string() + "-wal"));
  Result<Connection> reader = Connection::open_reader(file);
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ(*reader->integer("SELECT count(*) FROM record_thing_1"), 1);
}

TEST(StoreOpen, DoesNotCreateParents) {
  const Folder folder;
  const Error error = open_error(folder.state() / "deeper");
  EXPECT_EQ(error.code(), Error::Code::config);
  EXPECT_NE(error.message().find("Create it"), std::string::npos) << error.message();
  EXPECT_FALSE(fs::exists(folder.state()));
}

TEST(StoreOpen, RefusesAStateDirectoryThatIsAFile) {
  const Folder folder;
  write_bytes(folder.state(), "a file");
  EXPECT_EQ(open_error(folder.state()).code(), Error::Code::config);
  EXPECT_EQ(bytes_of(folder.state()), "a file");
}

TEST(StoreOpen, RefusesADirectoryItMayNotWrite) {
  constexpr uid_t kNobody = 65534;
  const Folder folder;
  fs::create_directory(folder.state());
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(folder.state().c_str(), 0555), 0);
  const bool is_root = ::geteuid() == 0;
  ASSERT_TRUE(!is_root || ::seteuid(kNobody) == 0);
  const Error error = open_error(folder.state());
  ASSERT_TRUE(!is_root || ::seteuid(0) == 0);
  ASSERT_EQ(::chmod(folder.state().c_str(), 0755), 0);
  EXPECT_EQ(error.code(), Error::Code::config);
  EXPECT_NE(error.message().find("writable"), std::string::npos) << error.message();
}

TEST(StoreOpen, RefusesASecondWriterAndNamesTheFirst) {
  const Folder folder;
  {
    const auto store = open_store(folder.state());
    const Error error = open_error(folder.state());
    EXPECT_EQ(error.code(), Error::Code::limit);
    EXPECT_NE(error.message().find("process " + std::to_string(::getpid())), std::string::npos)
        << error.message();
  }
  EXPECT_NE(open_store(folder.state()), nullptr);
}

TEST(StoreOpen, RefusesAnotherProgramsDatabase) {
  const Folder folder;
  const fs::path file = make_store(folder);
  alter(folder, "PRAGMA application_id = 7");
  const std::string before = bytes_of(file);
  const Error error = open_error(folder.state());
  EXPECT_EQ(error.code(), Error::Code::config);
  EXPECT_NE(error.message().find(file.string()), std::string::npos);
  EXPECT_TRUE(bytes_of(file) == before);
}

TEST(StoreOpen, RefusesANewerSchemaAndLeavesItAsItIs) {
  const Folder folder;
  const fs::path file = make_store(folder);
  alter(folder, "PRAGMA user_version = " + std::to_string(schema_version() + 1));
  const std::string before = bytes_of(file);
  const std::string wal_before = bytes_of(file.string() + "-wal");
  const Error error = open_error(folder.state());
  EXPECT_EQ(error.code(), Error::Code::unsupported);
  EXPECT_NE(error.message().find("upgrade"), std::string::npos) << error.message();
  EXPECT_TRUE(bytes_of(file) == before);
  EXPECT_TRUE(bytes_of(file.string() + "-wal") == wal_before);
}

TEST(StoreOpen, SeesANewerSchemaThatIsStillInTheWal) {
  const Folder source;
  const Folder folder;
  fs::create_directory(folder.state());
  const fs::path file = database_file(folder.state());
  {
    // As after a kill: the newer number is in the WAL only.
    const auto store = open_store(source.state());
    ASSERT_TRUE(store->connection().execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    ASSERT_TRUE(store->connection().execute("PRAGMA user_version = 99"));
    fs::copy_file(database_file(source.state()), file);
    fs::copy_file(database_file(source.state()).string() + "-wal", file.string() + "-wal");
  }
  const std::string before = bytes_of(file);
  const std::string wal_before = bytes_of(file.string() + "-wal");
  EXPECT_EQ(open_error(folder.state()).code(), Error::Code::unsupported);
  EXPECT_TRUE(bytes_of(file) == before);
  EXPECT_TRUE(bytes_of(file.string() + "-wal") == wal_before);
}

TEST(StoreOpen, RefusesAFileThatIsNoDatabase) {
  const Folder folder;
  fs::create_directory(folder.state());
  const fs::path file = database_file(folder.state());
  const std::string text = std::string(5000, 'x');
  write_bytes(file, text);
  const Error error = open_error(folder.state());
  EXPECT_EQ(error.code(), Error::Code::data);
  EXPECT_NE(error.message().find(file.string()), std::string::npos);
  EXPECT_EQ(bytes_of(file), text);
}

TEST(StoreOpen, TakesAnEmptyFile) {
  const Folder folder;
  fs::create_directory(folder.state());
  write_bytes(database_file(folder.state()), "");
  EXPECT_NE(open_store(folder.state()), nullptr);
}

TEST(StoreOpen, RefusesADatabaseThatIsADirectory) {
  const Folder folder;
  fs::create_directories(database_file(folder.state()));
  EXPECT_EQ(open_error(folder.state()).code(), Error::Code::config);
}

TEST(StoreOpen, FindsATruncatedDatabase) {
  const Folder folder;
  const fs::path file = make_store(folder);
  fs::resize_file(file, fs::file_size(file) / 2);
  const Error error = open_error(folder.state());
  EXPECT_EQ(error.code(), Error::Code::data);
  EXPECT_NE(error.message().find(file.string()), std::string::npos);
}

void damage_a_page(const fs::path& file) {
  std::string bytes = bytes_of(file);
  bytes.replace(12288, 200, 200, '\xff');  // the fourth page
  write_bytes(file, bytes);
}

TEST(StoreOpen, FindsADamagedPage) {
  const Folder folder;
  const fs::path file = make_store(folder);
  damage_a_page(file);
  const Error error = open_error(folder.state());
  EXPECT_EQ(error.code(), Error::Code::data) << error.message();
  Result<Connection> reader = Connection::open_reader(file);
  ASSERT_TRUE(reader);
  const auto damage = find_damage(*reader);
  EXPECT_TRUE(!damage || !damage->empty());
}

// A daemon must start; what was collected can be collected again.
TEST(StoreOpen, MovesADamagedDatabaseAsideWhereItIsAskedTo) {
  const Folder folder;
  const fs::path file = make_store(folder);
  damage_a_page(file);
  const std::string before = bytes_of(file);
  const auto store = Store::open(folder.state(), records::Contracts::built_in(), OpenCheck::quick,
                                 OnDamage::move_aside);
  ASSERT_TRUE(store) << store.error().message();
  const auto kept = kept_aside(folder.state()).damaged;
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(bytes_of(kept[0]), before);
  const auto rows = (*store)->connection().integer("SELECT count(*) FROM run_log");
  ASSERT_TRUE(rows);
  EXPECT_EQ(*rows, 0);
}

TEST(StoreOpen, MovesWhatIsLeftOfALostDatabaseAsideWhereItIsAskedTo) {
  const Folder folder;
  const fs::path file = make_store(folder);
  fs::remove(file);
  ASSERT_TRUE(fs::exists(file.string() + "-wal"));
  EXPECT_EQ(open_error(folder.state()).code(), Error::Code::data);
  const auto store = Store::open(folder.state(), records::Contracts::built_in(), OpenCheck::quick,
                                 OnDamage::move_aside);
  ASSERT_TRUE(store) << store.error().message();
  const KeptAside kept = kept_aside(folder.state());
  EXPECT_THAT(kept.damaged, testing::IsEmpty());
  ASSERT_EQ(kept.logs.size(), 1U);
  EXPECT_TRUE(fs::exists(kept.logs[0]));
}

// A disk that damages one database after another is no reason to fill it with copies.
TEST(StoreOpen, RefusesWhereThreeDamagedDatabasesAreKeptAlready) {
  const Folder folder;
  const fs::path file = make_store(folder);
  for (const char* time : {"20261122T101010Z", "20261122T101011Z", "20261122T101012Z"}) {
    write_bytes(file.string() + ".damaged-" + time, "x");
    write_bytes(file.string() + ".damaged-" + time + "-wal", "x");
  }
  damage_a_page(file);
  const std::string before = bytes_of(file);
  const auto store = Store::open(folder.state(), records::Contracts::built_in(), OpenCheck::quick,
                                 OnDamage::move_aside);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message().find("3 of "), std::string::npos);
  EXPECT_EQ(bytes_of(file), before);
}

TEST(StoreOpen, NeverMovesAnotherProgramsOrANewerDatabaseAside) {
  for (const char* sql : {"PRAGMA application_id = 7", "PRAGMA user_version = 1000"}) {
    const Folder folder;
    make_store(folder);
    alter(folder, sql);
    const auto store = Store::open(folder.state(), records::Contracts::built_in(), OpenCheck::quick,
                                   OnDamage::move_aside);
    EXPECT_FALSE(store) << sql;
    EXPECT_THAT(kept_aside(folder.state()).damaged, testing::IsEmpty());
  }
}

// The message of open_existing(), or "none" where nothing was collected, or "a reader".
std::string reading(const Folder& folder) {
  const auto reader = open_existing(folder.state(), OpenCheck::quick);
  return !reader ? reader.error().message() : *reader ? "a reader" : "none";
}

TEST(OpenExisting, FindsADatabaseWithoutDamageBesideAWriter) {
  const Folder folder;
  const auto store = open_store(folder.state());
  Collection run(*store);
  run.begin().put({"attic", 1});
  auto reader = open_existing(folder.state(), OpenCheck::quick);
  ASSERT_TRUE(reader && *reader);
  const auto damage = find_damage(**reader);
  ASSERT_TRUE(damage);
  EXPECT_THAT(*damage, testing::IsEmpty());
  EXPECT_EQ(run.commit(), "1 0 0 0");
}

TEST(OpenExisting, MakesNothing) {
  const Folder folder;
  EXPECT_EQ(reading(folder), "none");
  EXPECT_FALSE(fs::exists(folder.state()));
  fs::create_directory(folder.state());
  EXPECT_EQ(reading(folder), "none");
  EXPECT_TRUE(fs::is_empty(folder.state()));
}

TEST(OpenExisting, RefusesWhatAWriterRefuses) {
  const Folder newer;
  make_store(newer);
  alter(newer, "PRAGMA user_version = 99");
  EXPECT_THAT(reading(newer), testing::HasSubstr("schema version 99"));
  const Folder foreign;
  make_store(foreign);
  alter(foreign, "PRAGMA application_id = 7");
  EXPECT_THAT(reading(foreign), testing::HasSubstr("another program"));
  const Folder file;
  write_bytes(file.state(), "a file");
  EXPECT_THAT(reading(file), testing::HasSubstr("is not a directory"));
  const Folder text;
  fs::create_directory(text.state());
  write_bytes(database_file(text.state()), std::string(5000, 'x'));
  EXPECT_THAT(reading(text), testing::HasSubstr("not a database"));
}

TEST(OpenExisting, FindsADamagedPageWhereItIsAskedTo) {
  const Folder folder;
  const fs::path file = make_store(folder);
  std::string bytes = bytes_of(file);
  bytes.replace(12288, 200, 200, '\xff');
  write_bytes(file, bytes);
  EXPECT_THAT(reading(folder), testing::HasSubstr("damaged"));
  EXPECT_TRUE(open_existing(folder.state(), OpenCheck::none));
}

TEST(Settings, AreRemembered) {
  const Folder folder;
  {
    const auto store = open_store(folder.state());
    EXPECT_EQ(*store->setting("colour"), std::nullopt);
    EXPECT_TRUE(store->set_setting("colour", "green"));
    EXPECT_TRUE(store->set_setting("colour", "blue"));
  }
  EXPECT_EQ(*open_store(folder.state())->setting("colour"), "blue");
}

// Found by killing: the process ended between making the file and switching it to a WAL.
TEST(OpenExisting, AFileWhoseMakingWasInterruptedHoldsNothingYet) {
  const Folder folder;
  fs::create_directory(folder.state());
  write_bytes(database_file(folder.state()), std::string(4096, '\0'));
  write_bytes(database_file(folder.state()).string() + "-journal", "a journal");
  EXPECT_EQ(reading(folder), "none");
}

// Found by an attack: sqlite3 with another journal_mode leaves one, and nothing takes it away.
TEST(OpenExisting, AnEmptyJournalDoesNotHideWhatWasCollected) {
  const Folder folder;
  const fs::path file = make_store(folder);
  write_bytes(file.string() + "-journal", "");
  const auto reader = open_existing(folder.state(), OpenCheck::quick);
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_TRUE(reader->has_value());
  EXPECT_NE(open_store(folder.state()), nullptr);
}

// SQLite says only that it is unable to open the database.
TEST(StoreOpen, RefusesALogThatIsALinkAndSaysWhatToDo) {
  const Folder folder;
  const fs::path log = make_store(folder).string() + "-wal";
  fs::rename(log, folder.path() / "elsewhere");
  fs::create_symlink(folder.path() / "elsewhere", log);
  EXPECT_THAT(open_error(folder.state()).message(), testing::HasSubstr("put the log itself there"));
  EXPECT_THAT(reading(folder), testing::HasSubstr("put the log itself there"));
}

// Read or written, it would have looked as if nothing had ever been collected.
TEST(StoreOpen, RefusesADatabaseThatWasEmptiedOrRemovedAfterItWasUsed) {
  const Folder folder;
  const fs::path file = make_store(folder);
  fs::resize_file(file, 0);
  EXPECT_THAT(open_error(folder.state()).message(), testing::HasSubstr("was emptied"));
  EXPECT_THAT(reading(folder), testing::HasSubstr("was emptied"));
  fs::remove(file);
  EXPECT_THAT(open_error(folder.state()).message(), testing::HasSubstr("is missing"));
  EXPECT_THAT(reading(folder), testing::HasSubstr("is missing"));
  fs::remove(file.string() + "-wal");
  EXPECT_EQ(reading(folder), "none");
  EXPECT_NE(open_store(folder.state()), nullptr);
}

TEST(FindWriter, NamesTheProcessThatHoldsTheLockAndDoesNotTakeIt) {
  const Folder folder;
  EXPECT_EQ(find_writer(folder.state()), std::nullopt);
  {
    const auto store = open_store(folder.state());
    EXPECT_EQ(find_writer(folder.state()), "process " + std::to_string(::getpid()));
  }
  EXPECT_EQ(find_writer(folder.state()), std::nullopt);
}

TEST(RunLog, ARunWhoseProcessWasKilledIsClosedByTheNextWriter) {
  const Folder folder;
  {
    const auto store = open_store(folder.state());
    ASSERT_TRUE(store->begin_run("house", "full", from_us(7)));
  }
  const auto store = open_store(folder.state());
  EXPECT_EQ(rows_of(store->connection(), "SELECT outcome, finished_at IS NULL FROM run_log"),
            "cancelled|1");
}

TEST(RunLog, NumbersRunsOverTheLifeOfTheStore) {
  const Folder folder;
  std::int64_t first = 0;
  {
    const auto store = open_store(folder.state());
    first = *store->begin_run("house", "full", from_us(1000));
    ASSERT_TRUE(store->connection().execute("DELETE FROM run_log"));
  }
  const auto store = open_store(folder.state());
  EXPECT_GT(*store->begin_run("house", "incremental", from_us(2000)), first);
}

TEST(RunLog, SaysHowARunWent) {
  const Folder folder;
  const auto store = open_store(folder.state());
  const std::int64_t run = *store->begin_run("house", "full", from_us(1000));
  EXPECT_EQ(
      rows_of(store->connection(), "SELECT collector, mode, finished_at, outcome FROM run_log"),
      "house|full|-|-");
  RunRecord record{"house", "full", from_us(1000), from_us(5000), "data", "row refused", {}};
  record.counts["thing/1"] = {5, 1, 2, 3, 4};
  ASSERT_TRUE(store->finish_run(run, record));
  EXPECT_EQ(rows_of(store->connection(),
                    "SELECT started_at, finished_at, outcome, message, counts FROM run_log"),
            "1000|5000|data|row refused|{\"thing/1\":{\"rows\":5,\"inserted\":1,\"updated\":2,"
            "\"removed\":3,\"unchanged\":4}}");
}

}  // namespace
}  // namespace baselined::store
