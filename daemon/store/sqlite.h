// A thin, honest face of SQLite: connections, statements and transactions as values with errors.
//
// Ownership: a Statement refers to its Connection, which must outlive it.
// Threads: a connection and its statements belong to one thread at a time.
// Errors: disk_full; transient for busy, I/O, read-only and a file that cannot be opened; data for
// corruption ("database disk image is malformed"); internal for the rest. The message names
// the file.
//
//   BL_TRY(Statement select, db.prepare("SELECT name FROM collector WHERE id = ?1"));
//   select.bind(1, id);
//   BL_TRY(bool found, select.step());
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace baselined::store {

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1 and stay bound over reset(). Text and blobs are not copied: they must
  // live until the statement is done or reset; bind them again before the next execution.
  // Binding cannot fail but for a wrong index, which is a broken invariant.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  // True: a row is there. False: done, and the statement is reset.
  Result<bool> step();
  // Steps to the end and resets: for statements whose rows nobody reads.
  Status run();
  void reset();

  // Columns count from 0, and only while a row is there. Text lives until the next step or reset.
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  int columns() const;
  std::string_view column_name(int column) const;

 private:
  friend class Connection;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  sqlite3_stmt* handle_;
};

// There is no public way to open a file for writing: Store::connection() is the only writer.
class Connection {
 public:
  static constexpr int kBusyTimeoutMs = 5000;

  // Cannot write, and never checkpoints.
  static Result<Connection> open_reader(const std::filesystem::path& file);
  // Reads the file alone, as if it had no write-ahead log: what was checkpointed last. Only to look
  // at what does not change; a checkpoint meanwhile can show half of itself.
  static Result<Connection> open_without_log(const std::filesystem::path& file);
  static Result<Connection> in_memory();

  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  Result<Statement> prepare(std::string_view sql);
  // One or more statements without parameters or rows.
  Status execute(const std::string& sql);
  // The single integer that a query without parameters answers.
  Result<std::int64_t> integer(std::string_view sql);

  std::int64_t last_insert_rowid() const;
  void set_last_insert_rowid(std::int64_t id);
  std::int64_t changes() const;  // rows changed by the last statement
  std::int64_t total_changes() const;
  bool in_transaction() const;
  // Was the file made for a write-ahead log? A copy made by VACUUM INTO is not, until it is
  // written.
  Result<bool> has_log_mode();
  // Closing leaves the log as it is.
  void keep_log();
  // Gives cached pages back; they are read again when needed.
  void release_memory();
  sqlite3* handle() { return handle_; }

 private:
  friend class Store;
  // The one connection that writes and checkpoints: WAL, synchronous=FULL, persistent WAL file,
  // foreign keys. Creates the file with mode 0600. Only a Store may open it: it holds the lock.
  static Result<Connection> open_writer(const std::filesystem::path& file);
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  static Result<Connection> open(const std::filesystem::path& file, int flags,
                                 const char* settings);

  sqlite3* handle_;
};

// BEGIN IMMEDIATE; rolled back unless committed. For a reader, begin_read pins one snapshot.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& db);
  static Result<Transaction> begin_read(Connection& db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Connection& db) : db_(&db) {}
  Connection* db_;
};

}  // namespace baselined::store
