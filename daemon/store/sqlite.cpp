#include "daemon/store/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "daemon/store/log_owner.h"

namespace baselined::store {
namespace {

constexpr int kCheckpointPages = 4096;  // 16 MiB: a passive checkpoint, which waits for nobody
constexpr int kForcedCheckpointPages = 12288;  // 48 MiB: readers held it back, so wait for them
constexpr int kForcedCheckpointWaitMs = 100;

// Settings of the connection, not of the file: they are made at each open.
constexpr const char* kWriterSettings =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA cache_size = -8192;"
    "PRAGMA journal_size_limit = 33554432;";  // what a checkpoint leaves of a longer WAL
constexpr const char* kReaderSettings =
    "PRAGMA query_only = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA cache_size = -2048;"
    "PRAGMA wal_autocheckpoint = 0;";

Error::Code code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return Error::Code::disk_full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
      return Error::Code::transient;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error::Code::data;
    case SQLITE_INTERRUPT:
      return Error::Code::cancelled;
    default:
      return Error::Code::internal;
  }
}

std::string name_of(sqlite3* db) {
  const char* file = sqlite3_db_filename(db, "main");
  return file == nullptr || *file == '\0' ? "database in memory" : file;
}

std::string_view remedy(Error::Code kind) {
  return kind == Error::Code::data
             ? ". It is damaged: restart the daemon, which moves it aside and collects everything "
               "again, or restore a backup as daemon/store/README.md says"
         : kind == Error::Code::disk_full ? ". Free some space"
                                          : "";
}

Error error_of(sqlite3* db, int code) {
  // SQLite says I/O error where the file that readers share cannot grow.
  const int system_error = sqlite3_system_errno(db);
  const bool is_full =
      (code & 0xff) == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT);
  const Error::Code kind = is_full ? Error::Code::disk_full : code_of(code);
  if (code == SQLITE_READONLY_DBMOVED) {
    return {kind, fmt::format("{}: was replaced while it is written to", name_of(db))};
  }
  return {kind, fmt::format("{}: {} (SQLite code {}){}", name_of(db), sqlite3_errmsg(db),
                            sqlite3_extended_errcode(db), remedy(kind))};
}

// SQLite's own text for this is "unable to open database file".
Error cannot_open(sqlite3* db, int code, const std::filesystem::path& file) {
  const int system_error = sqlite3_system_errno(db);
  return {code_of(code),
          fmt::format("{}: cannot open: {}", file.string(),
                      system_error != 0 ? std::strerror(system_error) : sqlite3_errmsg(db))};
}

// After each commit of the writer. A checkpoint that fails is tried again after the next commit. A
// copy that was written over the database meanwhile must not get what is in the log.
int bound_wal(void* /*context*/, sqlite3* db, const char* name, int pages) {
  if (pages >= kCheckpointPages && !is_log_owner(sqlite3_db_filename(db, name))) {
    return SQLITE_READONLY_DBMOVED;  // so that the commit fails, and with it the run
  }
  if (pages >= kForcedCheckpointPages) {
    sqlite3_busy_timeout(db, kForcedCheckpointWaitMs);
    sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_timeout(db, Connection::kBusyTimeoutMs);
  } else if (pages >= kCheckpointPages) {
    sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  }
  return SQLITE_OK;
}

int length_of(std::string_view bytes) {
  BL_ASSERT(bytes.size() <= 0x7fffffff);
  return static_cast<int>(bytes.size());
}

// SQLite would make the file with 0644. Made only where there is none: closing a descriptor of a
// database that this process has open would drop its locks.
Status create_private_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
    return {};
  }
  if (errno == EEXIST) {
    return {};
  }
  return Error(Error::Code::transient, fmt::format("{}: cannot create the database: {}",
                                                   file.string(), std::strerror(errno)));
}

}  // namespace

Statement::Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(int index, std::int64_t value) {
  BL_ASSERT(sqlite3_bind_int64(handle_, index, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, double value) {
  BL_ASSERT(sqlite3_bind_double(handle_, index, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL, and empty text is not NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  BL_ASSERT(sqlite3_bind_text(handle_, index, data, length_of(text), nullptr) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  BL_ASSERT(sqlite3_bind_blob(handle_, index, data, length_of(bytes), nullptr) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_null(int index) {
  BL_ASSERT(sqlite3_bind_null(handle_, index) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    sqlite3_reset(handle_);
    return false;
  }
  Error failure = error_of(sqlite3_db_handle(handle_), code);
  sqlite3_reset(handle_);
  return failure;
}

Status Statement::run() {
  while (true) {
    BL_TRY(const bool row, step());
    if (!row) {
      return {};
    }
  }
}

void Statement::reset() { sqlite3_reset(handle_); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }

std::string_view Statement::text(int column) const {
  const auto* data = sqlite3_column_text(handle_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data == nullptr ? std::string_view{}
                         : std::string_view(reinterpret_cast<const char*>(data), size);
}

std::string_view Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data == nullptr ? std::string_view{} : std::string_view(data, size);
}

int Statement::columns() const { return sqlite3_column_count(handle_); }

std::string_view Statement::column_name(int column) const {
  const char* name = sqlite3_column_name(handle_, column);
  return name == nullptr ? std::string_view{} : std::string_view(name);
}

Result<Connection> Connection::open(const std::filesystem::path& file, int flags,
                                    const char* settings) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (handle == nullptr) {
    return Error(Error::Code::internal, "SQLite cannot allocate a connection");
  }
  Connection db(handle);
  if (code != SQLITE_OK) {
    return cannot_open(handle, code, file);
  }
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  BL_CHECK(db.execute(settings));
  return db;
}

Result<Connection> Connection::open_writer(const std::filesystem::path& file) {
  BL_CHECK(create_private_file(file));
  BL_TRY(Connection db, open(file, SQLITE_OPEN_READWRITE, kWriterSettings));
  int persist = 1;
  sqlite3_file_control(db.handle_, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
  sqlite3_wal_hook(db.handle_, bound_wal, nullptr);
  return db;
}

Result<Connection> Connection::open_reader(const std::filesystem::path& file) {
  BL_TRY(Connection db, open(file, SQLITE_OPEN_READONLY, kReaderSettings));
  sqlite3_db_config(db.handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return db;
}

Result<Connection> Connection::open_without_log(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '.';
    uri += is_plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return open(uri + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, kReaderSettings);
}

Result<Connection> Connection::in_memory() {
  return open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
              "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;");
}

Connection::Connection(Connection&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    sqlite3_close_v2(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

Connection::~Connection() { sqlite3_close_v2(handle_); }

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), length_of(sql),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return error_of(handle_, code);
  }
  if (statement == nullptr) {
    return Error(Error::Code::internal, name_of(handle_) + ": an empty SQL statement");
  }
  return Statement(statement);
}

Status Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return error_of(handle_, code);
  }
  return {};
}

Result<std::int64_t> Connection::integer(std::string_view sql) {
  BL_TRY(Statement statement, prepare(sql));
  BL_TRY(const bool row, statement.step());
  if (!row) {
    return Error(Error::Code::internal, name_of(handle_) + ": a query without its one row");
  }
  return statement.integer(0);
}

std::int64_t Connection::last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_); }

void Connection::set_last_insert_rowid(std::int64_t id) {
  sqlite3_set_last_insert_rowid(handle_, id);
}

std::int64_t Connection::changes() const { return sqlite3_changes64(handle_); }

std::int64_t Connection::total_changes() const { return sqlite3_total_changes64(handle_); }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<bool> Connection::has_log_mode() {
  constexpr sqlite3_int64 kVersionsOffset = 18;  // write version, read version; 2 is a WAL
  constexpr std::array<unsigned char, 2> kWal = {2, 2};
  std::array<unsigned char, 2> versions{};
  sqlite3_file* file = nullptr;
  const int found = sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (found != SQLITE_OK || file == nullptr || file->pMethods == nullptr ||
      file->pMethods->xRead(file, versions.data(), static_cast<int>(versions.size()),
                            kVersionsOffset) != SQLITE_OK) {
    return Error(Error::Code::transient, name_of(handle_) + ": cannot be read");
  }
  return versions == kWal;
}

void Connection::keep_log() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void Connection::release_memory() { sqlite3_db_release_memory(handle_); }

Result<Transaction> Transaction::begin(Connection& db) {
  BL_CHECK(db.execute("BEGIN IMMEDIATE"));
  return Transaction(db);
}

Result<Transaction> Transaction::begin_read(Connection& db) {
  BL_CHECK(db.execute("BEGIN"));
  Transaction transaction(db);
  // BEGIN alone pins nothing: the first read does.
  BL_CHECK(db.execute("SELECT 1 FROM sqlite_schema LIMIT 1"));
  return transaction;
}

Transaction::~Transaction() {
  if (db_ != nullptr && db_->in_transaction()) {
    // Fails only where SQLite has rolled back by itself, which is what is wanted.
    static_cast<void>(db_->execute("ROLLBACK"));
  }
}

Status Transaction::commit() {
  BL_ASSERT(db_ != nullptr);
  BL_CHECK(db_->execute("COMMIT"));
  db_ = nullptr;
  return {};
}

}  // namespace baselined::store
