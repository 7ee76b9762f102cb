// The schema: the golden of all tables, migrations, and contracts that grow.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "daemon/store/migrations.h"
#include "daemon/store/text_dictionary.h"
#include "tests/unit/store/collection.h"
#include "tests/unit/store/folder.h"

namespace baselined::store {
namespace {

std::string schema_of(Connection& db) {
  return rows_of(db,
                 "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                 " ORDER BY type = 'view', tbl_name, type DESC, name",
                 ";\n") +
         ";\n";
}

records::Contracts contracts_of(const std::string& text) {
  const std::array<std::string_view, 1> texts{text};
  return *records::Contracts::parse(texts);
}

std::string thing_with(std::string_view field) {
  return std::string(records::thing::kContract) + std::string(field);
}

// A schema has a number, and each number has its file: a table that changes needs a new migration
// in daemon/store/migrations.cpp, and with it a new golden. Run with BL_UPDATE_GOLDEN=1 to write
// it.
TEST(Schema, IsThatOfItsVersion) {
  const Folder folder;
  const auto store = Store::open(folder.state(), records::Contracts::built_in());
  ASSERT_TRUE(store) << store.error().message();
  const std::string schema = schema_of((*store)->connection());
  const std::filesystem::path golden = std::filesystem::path(BL_STORE_TEST_DIR) /
                                       ("schema_" + std::to_string(schema_version()) + ".sql");
  if (std::getenv("BL_UPDATE_GOLDEN") != nullptr && std::getenv("CI") == nullptr) {
    write_bytes(golden, schema);
  }
  EXPECT_EQ(schema, bytes_of(golden));
}

TEST(Migrate, FromEachEarlierVersion) {
  const records::Contracts& contracts = records::Contracts::built_in();
  Result<Connection> fresh = Connection::in_memory();
  ASSERT_TRUE(fresh && migrate(*fresh, contracts));
  for (std::int64_t version = 1; version < schema_version(); ++version) {
    const std::string number = std::to_string(version);
    Result<Connection> db = Connection::in_memory();
    ASSERT_TRUE(db);
    std::string sql =
        bytes_of(std::filesystem::path(BL_STORE_TEST_DIR) / ("schema_" + number + ".sql"));
    const std::string made_by_sqlite = "CREATE TABLE sqlite_sequence(name,seq);\n";
    sql.replace(sql.find(made_by_sqlite), made_by_sqlite.size(), "");
    const Status made = db->execute(sql + "PRAGMA user_version = " + number);
    ASSERT_TRUE(made) << made.error().message();
    const Status migrated = migrate(*db, contracts);
    ASSERT_TRUE(migrated) << migrated.error().message();
    EXPECT_EQ(schema_of(*db), schema_of(*fresh)) << version;
  }
}

TEST(Migrate, AContractThatIsNewGetsItsTableAndRecordsStay) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db && migrate(*db, contracts_of(thing_with(""))));
  ASSERT_TRUE(db->execute("INSERT INTO setting(name, value) VALUES ('kept', '1')"));
  const Status migrated = migrate(*db, records::Contracts::built_in());
  ASSERT_TRUE(migrated) << migrated.error().message();
  EXPECT_EQ(rows_of(*db, "SELECT count(*) FROM record_change_1"), "0");
  EXPECT_EQ(rows_of(*db, "SELECT count(*) FROM record_thing_1"), "0");
  EXPECT_EQ(rows_of(*db, "SELECT name FROM setting"), "kept");
}

TEST(Migrate, IsOneTransaction) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  // The table of the contract cannot be made: its name is taken.
  ASSERT_TRUE(db->execute("CREATE TABLE other (a); CREATE INDEX record_thing_1_key ON other (a)"));
  EXPECT_FALSE(migrate(*db, records::thing::contracts()));
  EXPECT_EQ(*db->integer("PRAGMA user_version"), 0);
  EXPECT_EQ(*db->integer("PRAGMA application_id"), 0);
  EXPECT_EQ(rows_of(*db, "SELECT name FROM sqlite_schema WHERE type = 'table'"), "other");
}

TEST(Migrate, AgainChangesNothing) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  ASSERT_TRUE(migrate(*db, records::thing::contracts()));
  const std::string before = schema_of(*db);
  const std::int64_t schema_changes = *db->integer("PRAGMA schema_version");
  ASSERT_TRUE(migrate(*db, records::thing::contracts()));
  EXPECT_EQ(schema_of(*db), before);
  EXPECT_EQ(*db->integer("PRAGMA schema_version"), schema_changes);
}

TEST(Migrate, ANewOptionalFieldBecomesAColumnAndRecordsStay) {
  const Folder folder;
  {
    const auto store = open_store(folder.state());
    Collection(*store).begin().put({"attic", 1}).commit();
  }
  const records::Contracts grown = contracts_of(thing_with(
      "[[field]]\nname = \"colour\"\ntype = \"text\"\nrepeated = true\ndescription = \"d\"\n"));
  {
    const auto store = Store::open(folder.state(), grown);
    ASSERT_TRUE(store) << store.error().message();
    EXPECT_EQ(rows_of((*store)->connection(), "SELECT place, colour FROM view_thing_1"), "attic|-");
  }
  // An older program goes on with the columns that it knows.
  const auto older = open_store(folder.state());
  Collection again(*older);
  EXPECT_EQ(again.begin().put({"attic", 1}).commit(), "0 0 0 1");
}

TEST(Migrate, ANewRequiredFieldIsRefusedAndNothingChanges) {
  const Folder folder;
  open_store(folder.state());
  const std::string before = bytes_of(database_file(folder.state()));
  const records::Contracts grown = contracts_of(thing_with(
      "[[field]]\nname = \"a\"\ntype = \"text\"\ndescription = \"d\"\n"
      "[[field]]\nname = \"b\"\ntype = \"text\"\nrequired = true\ndescription = \"d\"\n"));
  const auto store = Store::open(folder.state(), grown);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message().find("required field b"), std::string::npos);
  EXPECT_TRUE(bytes_of(database_file(folder.state())) == before);
}

TEST(View, ShowsAliveRecordsInReadableForm) {
  const Folder folder;
  const auto store = Store::open(folder.state(), records::Contracts::built_in());
  ASSERT_TRUE(store);
  Connection& db = (*store)->connection();
  ASSERT_TRUE(db.execute(
      "INSERT INTO collector VALUES (1, 'git'); INSERT INTO text VALUES (1, 'host/shop');"
      "INSERT INTO record_commit_1 (id, collector, run_id, first_seen_at, changed_at, removed_at,"
      " repository, sha, parents, is_bot) VALUES"
      " (1, 1, 1, 10, 10, NULL, 1, x'AB', x'CDEF', 0), (2, 1, 1, 10, 10, 20, 1, x'AC', x'', 0)"));
  EXPECT_EQ(
      rows_of(db, "SELECT id, collector, repository, sha, parents, author FROM view_commit_1"),
      "1|git|host/shop|ab|cdef|-");
}

TEST(TextDictionary, GivesEachTextOneNumber) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  ASSERT_TRUE(migrate(*db, records::thing::contracts()));
  Result<TextDictionary> texts = TextDictionary::create(*db);
  ASSERT_TRUE(texts);
  const std::int64_t attic = *texts->encode("attic");
  const std::int64_t empty = *texts->encode("");
  EXPECT_NE(attic, empty);
  EXPECT_EQ(*texts->encode("attic"), attic);
  EXPECT_EQ(*texts->find("cellar"), std::nullopt);
  texts->clear();
  EXPECT_EQ(texts->cached(), 0U);
  EXPECT_EQ(*texts->encode("attic"), attic);
  EXPECT_EQ(*texts->find(""), empty);
  EXPECT_EQ(rows_of(*db, "SELECT count(*) FROM text"), "2");
}

TEST(TextDictionary, IsBoundedAndStillRight) {
  constexpr std::size_t kMaxCached = 16;
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  ASSERT_TRUE(migrate(*db, records::thing::contracts()));
  Result<TextDictionary> texts = TextDictionary::create(*db, kMaxCached);
  ASSERT_TRUE(texts);
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t i = 1; i <= 100; ++i) {
      EXPECT_EQ(*texts->encode("text " + std::to_string(i)), i);
      EXPECT_EQ(*texts->encode("text 1"), 1);
      EXPECT_LE(texts->cached(), kMaxCached);
    }
  }
  const std::string text(1000, 'x');
  EXPECT_EQ(*texts->encode(text), 101);
  EXPECT_EQ(*texts->encode(text), 101);
}

TEST(TextDictionary, IsReusedAfterReopening) {
  const Folder folder;
  {
    const auto store = open_store(folder.state());
    Collection(*store).begin().put({"attic", 1}).commit();
  }
  const auto store = open_store(folder.state());
  Collection run(*store);
  EXPECT_EQ(run.begin().put({"attic", 1}).put({"attic", 2}).commit(), "1 0 0 1");
  EXPECT_EQ(rows_of(store->connection(), "SELECT value FROM text"), "attic");
  store->release_memory();
  EXPECT_EQ(run.begin().put({"attic", 3}).commit(), "1 0 0 0");
  EXPECT_EQ(rows_of(store->connection(), "SELECT value FROM text"), "attic");
}

}  // namespace
}  // namespace baselined::store
