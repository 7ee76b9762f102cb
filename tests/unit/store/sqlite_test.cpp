#include "daemon/store/sqlite.h"

#include <gtest/gtest.h>

#include <string>

namespace baselined::store {
namespace {

TEST(Statement, BindsAndReadsEachType) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  Result<Statement> select = db->prepare("SELECT ?1, ?2, ?3, ?4, ?5");
  ASSERT_TRUE(select) << select.error().message();
  select->bind(1, std::int64_t{-7}).bind(2, 2.5).bind(3, std::string_view("text"));
  select->bind_blob(4, std::string_view("\0\1", 2)).bind_null(5);
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(select->integer(0), -7);
  EXPECT_EQ(select->real(1), 2.5);
  EXPECT_EQ(select->text(2), "text");
  EXPECT_EQ(select->blob(3), std::string_view("\0\1", 2));
  EXPECT_TRUE(select->is_null(4));
  EXPECT_EQ(select->columns(), 5);
  EXPECT_FALSE(*select->step());
}

TEST(Statement, EmptyTextAndEmptyBlobAreNotNull) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  Result<Statement> select = db->prepare("SELECT typeof(?1), typeof(?2)");
  ASSERT_TRUE(select);
  select->bind(1, std::string_view()).bind_blob(2, std::string_view());
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(select->text(0), "text");
  EXPECT_EQ(select->text(1), "blob");
}

TEST(Statement, FailureIsAnErrorAndTheStatementCanRunAgain) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  ASSERT_TRUE(db->execute("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT"));
  Result<Statement> insert = db->prepare("INSERT INTO t VALUES (?1)");
  ASSERT_TRUE(insert);
  insert->bind(1, std::int64_t{1});
  ASSERT_TRUE(insert->run());
  const Status second = insert->run();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Error::Code::internal);
  insert->bind(1, std::int64_t{2});
  EXPECT_TRUE(insert->run());
  EXPECT_EQ(*db->integer("SELECT count(*) FROM t"), 2);
}

TEST(Connection, PrepareRefusesBadAndEmptySql) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  EXPECT_FALSE(db->prepare("SELEKT 1"));
  EXPECT_FALSE(db->prepare("  -- nothing"));
}

TEST(Connection, IntegerNeedsARow) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  EXPECT_EQ(*db->integer("SELECT 42"), 42);
  EXPECT_FALSE(db->integer("SELECT 42 WHERE 0"));
}

TEST(Connection, AFileThatIsNotThereIsNotCreatedByAReader) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / "sqlite_test_absent.db";
  std::filesystem::remove(file);
  const Result<Connection> reader = Connection::open_reader(file);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), Error::Code::transient);
  EXPECT_NE(reader.error().message().find(file.string()), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(Transaction, RollsBackUnlessCommitted) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  ASSERT_TRUE(db->execute("CREATE TABLE t (a INTEGER) STRICT"));
  {
    Result<Transaction> transaction = Transaction::begin(*db);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(db->execute("INSERT INTO t VALUES (1)"));
    EXPECT_TRUE(db->in_transaction());
  }
  EXPECT_FALSE(db->in_transaction());
  EXPECT_EQ(*db->integer("SELECT count(*) FROM t"), 0);
  Result<Transaction> transaction = Transaction::begin(*db);
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(db->execute("INSERT INTO t VALUES (1)"));
  ASSERT_TRUE(transaction->commit());
  EXPECT_FALSE(db->in_transaction());
  EXPECT_EQ(*db->integer("SELECT count(*) FROM t"), 1);
}

TEST(Transaction, DoesNotNest) {
  Result<Connection> db = Connection::in_memory();
  ASSERT_TRUE(db);
  Result<Transaction> outer = Transaction::begin(*db);
  ASSERT_TRUE(outer);
  EXPECT_FALSE(Transaction::begin(*db));
  EXPECT_TRUE(db->in_transaction());
}

}  // namespace
}  // namespace baselined::store
