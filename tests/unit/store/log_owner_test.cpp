// A database that was moved, replaced or restored beside a write-ahead log that is not its own.
#include "daemon/store/log_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/store/collection.h"
#include "tests/unit/store/folder.h"

namespace baselined::store {
namespace {

namespace fs = std::filesystem;

fs::path log_of(const fs::path& file) { return file.string() + "-wal"; }

// Ends the store as a kill would: what stands in its files while it is open is put back afterwards.
class Crash {
 public:
  explicit Crash(const fs::path& state_dir) : state_dir_(state_dir) {}
  template <class Then>
  void during(Then then) {
    const fs::path copy = state_dir_.string() + "-crashed";
    {
      const auto store = open_store(state_dir_);
      then(*store);
      fs::copy(state_dir_, copy, fs::copy_options::recursive);
    }
    fs::remove_all(state_dir_);
    fs::rename(copy, state_dir_);
  }

 private:
  fs::path state_dir_;
};

void put(Store& store, const std::vector<Thing>& things) {
  Collection run(store);
  run.begin();
  for (const Thing& thing : things) {
    run.put(thing);
  }
  run.commit();
}

std::string places(Connection& db) {
  return rows_of(db, "SELECT place FROM view_thing_1 ORDER BY place");
}

std::string refusal(const fs::path& state_dir) {
  const auto store = Store::open(state_dir, records::thing::contracts());
  return store ? "opened" : store.error().message();
}

std::unique_ptr<Store> open_as_daemon(const fs::path& state_dir) {
  auto store =
      Store::open(state_dir, records::thing::contracts(), OpenCheck::quick, OnDamage::move_aside);
  EXPECT_TRUE(store) << store.error().message();
  return store ? *std::move(store) : nullptr;
}

TEST(LogOwner, AfterACrashTheLogIsTakenForThatOfItsDatabase) {
  const Folder folder;
  Crash(folder.state()).during([](Store& store) { put(store, {{"attic"}, {"cellar"}}); });
  ASSERT_GT(fs::file_size(log_of(database_file(folder.state()))), 0U);
  EXPECT_EQ(places(open_store(folder.state())->connection()), "attic;cellar");
}

TEST(LogOwner, AFolderThatWasCopiedAfterACrashIsWhole) {
  const Folder folder;
  const Folder other;
  Crash(folder.state()).during([](Store& store) { put(store, {{"attic"}}); });
  fs::copy(folder.state(), other.state(), fs::copy_options::recursive);
  EXPECT_EQ(places(open_store(other.state())->connection()), "attic");
}

// The bug: the log of the new database was replayed into the old one, and rows were lost.
TEST(LogOwner, ADatabaseThatIsPutBackOverANewOneDoesNotGetTheLogOfTheNewOne) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  put(*open_store(folder.state()), {{"attic"}, {"cellar"}});
  fs::create_directory(folder.path() / "away");
  for (const char* part : {"", "-wal", "-shm"}) {
    fs::rename(file.string() + part, folder.path() / "away" / ("old" + std::string(part)));
  }
  Crash(folder.state()).during([](Store& store) { put(store, {{"garage"}}); });
  fs::rename(folder.path() / "away" / "old", file);
  EXPECT_THAT(refusal(folder.state()), testing::HasSubstr("the log of another database"));
  const auto reader = open_existing(folder.state(), OpenCheck::none);
  ASSERT_FALSE(reader);
  EXPECT_THAT(reader.error().message(), testing::HasSubstr("the log of another database"));
  const auto store = open_as_daemon(folder.state());
  EXPECT_EQ(places(store->connection()), "attic;cellar");
  EXPECT_EQ(kept_aside(folder.state()).logs.size(), 1U);
  EXPECT_THAT(kept_aside(folder.state()).damaged, testing::IsEmpty());
}

// As the message says.
TEST(LogOwner, ALogThatWasMovedAsideCanBePutBackBesideItsDatabase) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  Crash(folder.state()).during([](Store& store) { put(store, {{"attic"}}); });
  fs::rename(file, folder.path() / "away");
  put(*open_as_daemon(folder.state()), {{"garage"}});
  for (const char* part : {"", "-wal", "-shm", "-id"}) {
    fs::remove(file.string() + part);
  }
  fs::rename(folder.path() / "away", file);
  fs::rename(kept_aside(folder.state()).logs.at(0), log_of(file));
  EXPECT_EQ(places(open_store(folder.state())->connection()), "attic");
}

TEST(LogOwner, ACopyOfAnEarlierEndPutInPlaceAfterACrashDoesNotGetTheLog) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  put(*open_store(folder.state()), {{"attic"}});
  fs::copy_file(file, folder.path() / "copy");
  Crash(folder.state()).during([](Store& store) { put(store, {{"cellar"}}); });
  fs::copy_file(folder.path() / "copy", file, fs::copy_options::overwrite_existing);
  EXPECT_THAT(refusal(folder.state()), testing::HasSubstr("the log of another database"));
  EXPECT_EQ(places(open_as_daemon(folder.state())->connection()), "attic");
}

// As the README says to make one: it carries the id of what it was made of.
TEST(LogOwner, ABackupMadeWhileItRanDoesNotGetTheLog) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  const fs::path copy = folder.path() / "copy.db";
  Crash(folder.state()).during([&](Store& store) {
    put(store, {{"attic"}});
    ASSERT_TRUE(store.connection().execute("VACUUM INTO '" + copy.string() + "'"));
    put(store, {{"cellar"}});
  });
  fs::copy_file(copy, file, fs::copy_options::overwrite_existing);
  EXPECT_THAT(refusal(folder.state()), testing::HasSubstr("the log of another database"));
  EXPECT_EQ(places(open_as_daemon(folder.state())->connection()), "attic");
}

TEST(LogOwner, ABackupPutInPlaceAfterACleanEndIsTakenAsItIs) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  const fs::path copy = folder.path() / "copy.db";
  {
    const auto store = open_store(folder.state());
    put(*store, {{"attic"}});
    ASSERT_TRUE(store->connection().execute("VACUUM INTO '" + copy.string() + "'"));
    put(*store, {{"cellar"}});
  }
  fs::copy_file(copy, file, fs::copy_options::overwrite_existing);
  EXPECT_EQ(places(open_store(folder.state())->connection()), "attic");
}

TEST(LogOwner, AReaderBesideAWriterSeesThatTheFileIsAnotherOne) {
  const Folder folder;
  const Folder other;
  const fs::path file = database_file(folder.state());
  put(*open_store(other.state()), {{"garage"}});
  const auto store = open_store(folder.state());
  put(*store, {{"attic"}});
  EXPECT_TRUE(open_existing(folder.state(), OpenCheck::none));
  EXPECT_TRUE(store->check_in_place());
  fs::rename(file, folder.path() / "away");
  EXPECT_THAT(open_existing(folder.state(), OpenCheck::none).error().message(),
              testing::HasSubstr("without ending that process"));
  fs::copy_file(database_file(other.state()), file);
  EXPECT_THAT(open_existing(folder.state(), OpenCheck::none).error().message(),
              testing::HasSubstr("another database"));
  EXPECT_FALSE(store->check_in_place());
  fs::rename(folder.path() / "away", file);
  EXPECT_TRUE(open_existing(folder.state(), OpenCheck::none));
  EXPECT_TRUE(store->check_in_place());
  fs::rename(log_of(file), folder.path() / "away");
  EXPECT_FALSE(store->check_in_place());
  fs::rename(folder.path() / "away", log_of(file));
}

// A crash at each step of giving a new id; see log_owner.cpp.
TEST(LogOwner, EachStepOfANewIdLeavesAPairThatIsRecognised) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  const fs::path note = file.string() + "-id";
  put(*open_store(folder.state()), {{"attic"}});
  const std::string old_file = bytes_of(file);
  const std::string old_note = bytes_of(note);
  std::string new_file;
  std::string new_note;
  std::string new_log;
  Crash(folder.state()).during([&](Store& store) {
    new_file = bytes_of(file);
    new_note = bytes_of(note);
    put(store, {{"cellar"}});
    new_log = bytes_of(log_of(file));
  });
  ASSERT_NE(old_note, new_note);
  struct Step {
    std::string file, log, note, left;
  };
  for (const Step& step : {Step{old_file, "", old_note + new_note, "attic"},
                           Step{new_file, "", old_note + new_note, "attic"},
                           Step{new_file, new_log, old_note + new_note, "attic;cellar"},
                           Step{new_file, new_log, new_note, "attic;cellar"},
                           Step{new_file, new_log, "", "attic;cellar"}}) {
    write_bytes(file, step.file);
    write_bytes(log_of(file), step.log);
    write_bytes(note, step.note);
    fs::remove(file.string() + "-shm");
    EXPECT_EQ(places(open_store(folder.state())->connection()), step.left);
  }
}

TEST(LogOwner, WithoutANoteNothingIsRefused) {
  const Folder folder;
  Crash(folder.state()).during([](Store& store) { put(store, {{"attic"}}); });
  fs::remove(database_file(folder.state()).string() + "-id");
  EXPECT_EQ(places(open_store(folder.state())->connection()), "attic");
}

// Readers hold the log back: the old id stays good.
TEST(LogOwner, AReaderThatHoldsTheLogBackWhileAWriterOpensChangesNothing) {
  const Folder folder;
  Crash(folder.state()).during([](Store& store) { put(store, {{"attic"}}); });
  auto reader = open_existing(folder.state(), OpenCheck::none);
  ASSERT_TRUE(reader && *reader);
  auto snapshot = Transaction::begin_read(**reader);
  ASSERT_TRUE(snapshot);
  Crash(folder.state()).during([](Store& store) { put(store, {{"cellar"}}); });
  EXPECT_EQ(places(open_store(folder.state())->connection()), "attic;cellar");
}

// Found by an attack: the note went on naming the database that had been replaced, and the next
// writer took the log of its predecessor for that of another database.
TEST(LogOwner, ABackupThatIsGoneOnWithWhereNothingCanBeNotedKeepsItsLog) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  put(*open_store(folder.state()), {{"attic"}});
  fs::copy_file(file, folder.path() / "copy");
  put(*open_store(folder.state()), {{"cellar"}});
  fs::copy_file(folder.path() / "copy", file, fs::copy_options::overwrite_existing);
  fs::create_directory(file.string() + "-id.new");  // as on a full disk
  Crash(folder.state()).during([](Store& store) { put(store, {{"garage"}}); });
  ASSERT_GT(fs::file_size(log_of(file)), 0U);
  EXPECT_TRUE(open_existing(folder.state(), OpenCheck::none));
  EXPECT_EQ(places(open_store(folder.state())->connection()), "attic;garage");
}

// As a power cut can leave what was not written durably: the last step of an opening.
TEST(LogOwner, ANoteThatIsTornDoesNotTakeTheLogAway) {
  for (const std::string& torn : {std::string(33, '\0'), std::string("0123456789abcdef")}) {
    const Folder folder;
    const fs::path file = database_file(folder.state());
    Crash(folder.state()).during([](Store& store) { put(store, {{"attic"}, {"cellar"}}); });
    write_bytes(file.string() + "-id", torn);
    EXPECT_EQ(places(open_as_daemon(folder.state())->connection()), "attic;cellar");
    EXPECT_THAT(kept_aside(folder.state()).logs, testing::IsEmpty());
  }
}

// Found by an attack: rows that were acknowledged were gone, and nothing said so.
TEST(LogOwner, ALogThatWasRemovedAfterACrashIsMissed) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  Crash(folder.state()).during([](Store& store) { put(store, {{"attic"}}); });
  EXPECT_FALSE(is_log_missing(file));
  fs::remove(log_of(file));
  EXPECT_TRUE(is_log_missing(file));
  testing::internal::CaptureStderr();
  EXPECT_EQ(places(open_as_daemon(folder.state())->connection()), "");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("-wal is missing"));
  EXPECT_FALSE(is_log_missing(file));
}

TEST(LogOwner, ALogThatWasMovedAwayFromAnotherDatabaseIsNotMissed) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  put(*open_store(folder.state()), {{"attic"}});
  fs::copy_file(file, folder.path() / "copy");
  Crash(folder.state()).during([](Store& store) { put(store, {{"cellar"}}); });
  fs::copy_file(folder.path() / "copy", file, fs::copy_options::overwrite_existing);
  fs::remove(log_of(file));
  EXPECT_FALSE(is_log_missing(file));
}

TEST(LogOwner, ARestoredDatabaseIsNotedBeforeAnythingIsWritten) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  put(*open_store(folder.state()), {{"attic"}});
  fs::copy_file(file, folder.path() / "copy");
  const std::string of_copy = bytes_of(file.string() + "-id");
  put(*open_store(folder.state()), {{"cellar"}});
  fs::copy_file(folder.path() / "copy", file, fs::copy_options::overwrite_existing);
  settle_log_owner(file);
  EXPECT_EQ(bytes_of(file.string() + "-id"), of_copy);
}

// With cp, which keeps the file and changes what is in it.
TEST(LogOwner, ACopyWrittenOverTheOpenDatabaseIsSeenAndLeftAsItIs) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  const fs::path copy = folder.path() / "copy.db";
  std::string copied;
  {
    const auto store = open_store(folder.state());
    put(*store, {{"attic"}});
    ASSERT_TRUE(store->connection().execute("VACUUM INTO '" + copy.string() + "'"));
    put(*store, {{"cellar"}});
    copied = bytes_of(copy);
    write_bytes(file, copied);
    EXPECT_FALSE(store->check_in_place());
    const auto reader = open_existing(folder.state(), OpenCheck::none);
    ASSERT_FALSE(reader);
    EXPECT_THAT(reader.error().message(), testing::HasSubstr("was replaced: process"));
  }
  EXPECT_TRUE(bytes_of(file) == copied);
  EXPECT_EQ(places(open_as_daemon(folder.state())->connection()), "attic");
}

// Found by an attack: in the middle of a run nothing looked, and a log of 16 MiB went into the
// copy.
TEST(LogOwner, ACopyWrittenOverTheOpenDatabaseDoesNotGetALongLogEither) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  const fs::path copy = folder.path() / "copy.db";
  std::string copied;
  {
    const auto store = open_store(folder.state());
    put(*store, {{"attic"}});
    ASSERT_TRUE(store->connection().execute("VACUUM INTO '" + copy.string() + "'"));
    copied = bytes_of(copy);
    write_bytes(file, copied);
    const Status put_more =
        store->connection().execute("INSERT INTO setting VALUES ('long', hex(zeroblob(9000000)))");
    ASSERT_FALSE(put_more);
    EXPECT_THAT(put_more.error().message(), testing::HasSubstr("was replaced"));
    EXPECT_EQ(put_more.error().code(), Error::Code::transient);
  }
  EXPECT_TRUE(bytes_of(file) == copied);
  EXPECT_EQ(places(open_as_daemon(folder.state())->connection()), "attic");
}

TEST(LogOwner, ADatabaseThatIsALinkIsRefused) {
  const Folder folder;
  const fs::path file = database_file(folder.state());
  put(*open_store(folder.state()), {{"attic"}});
  fs::rename(file, folder.path() / "elsewhere.db");
  fs::create_symlink(folder.path() / "elsewhere.db", file);
  EXPECT_THAT(refusal(folder.state()), testing::HasSubstr("is a symbolic link"));
  EXPECT_FALSE(open_existing(folder.state(), OpenCheck::none));
}

}  // namespace
}  // namespace baselined::store
