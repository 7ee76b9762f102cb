#include "daemon/store/store.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/store/log_owner.h"
#include "daemon/store/migrations.h"
#include "daemon/store/state_directory.h"
#include "daemon/store/transaction_sink.h"
#include "daemon/store/writer_lock.h"

namespace baselined::store {
namespace {

// What is left for commits, facts and the write-ahead log of what runs already.
constexpr std::uintmax_t kSpaceForARun = 16'000'000;

// Device and inode; none where there is no file.
using FileId = std::optional<std::pair<dev_t, ino_t>>;

FileId file_id(const std::filesystem::path& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 ? FileId(std::in_place, info.st_dev, info.st_ino)
                                          : std::nullopt;
}

std::string counts_json(const records::CountsByContract& counts) {
  json::object by_contract;
  for (const auto& [contract, count] : counts) {
    json::object& entry = by_contract[contract].emplace_object();
    entry["rows"] = count.rows;
    entry["inserted"] = count.inserted;
    entry["updated"] = count.updated;
    entry["removed"] = count.removed;
    entry["unchanged"] = count.unchanged;
  }
  return json::serialize(by_contract);
}

}  // namespace

std::filesystem::path database_file(const std::filesystem::path& state_dir) {
  return state_dir / "baselined.db";
}

Result<std::optional<Connection>> open_existing(const std::filesystem::path& state_dir,
                                                OpenCheck check) {
  const std::filesystem::path file = database_file(state_dir);
  BL_TRY(const bool has_directory, find_state_directory(state_dir));
  if (!has_directory) {
    return std::optional<Connection>();
  }
  BL_TRY(const bool has_database, find_database(file, find_writer(state_dir)));
  if (!has_database) {
    return std::optional<Connection>();
  }
  BL_TRY(Connection reader, Connection::open_reader(file));
  if (check == OpenCheck::quick) {
    BL_CHECK(check_pages(reader, file));
  }
  return std::optional<Connection>(std::move(reader));
}

Result<std::vector<std::string>> find_damage(Connection& reader) {
  BL_TRY(Statement check, reader.prepare("PRAGMA integrity_check"));
  std::vector<std::string> damage;
  while (true) {
    BL_TRY(const bool found, check.step());
    if (!found) {
      return damage;
    }
    if (check.text(0) != "ok") {
      damage.emplace_back(check.text(0));
    }
  }
}

KeptAside kept_aside(const std::filesystem::path& state_dir) {
  return find_aside(database_file(state_dir));
}

std::optional<std::string> find_writer(const std::filesystem::path& state_dir) {
  return WriterLock::find_holder(state_dir);
}

// In order of dependence: the lock is released last, after the connection has closed.
class Store::Implementation {
 public:
  Implementation(std::filesystem::path state_dir, Connection db)
      : state_dir_(std::move(state_dir)), db_(std::move(db)) {}
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;
  ~Implementation() {
    const std::filesystem::path file = database_file(state_dir_);
    if (file_id(file) == id_.first && !is_log_owner(file)) {
      db_.keep_log();  // a copy was written over it, and must not get what is in the log
    } else if (texts_) {
      static_cast<void>(empty_log(db_));  // a log with something in it is as good
    }
  }

  static Result<std::unique_ptr<Implementation>> open(const std::filesystem::path& state_dir,
                                                      const records::Contracts& contracts,
                                                      OpenCheck check);
  void hold(WriterLock lock) { lock_.emplace(std::move(lock)); }

  Status prepare(const records::Contracts& contracts) {
    BL_CHECK(migrate(db_, contracts));
    if (Status closed = close_interrupted_runs();
        !closed && closed.error().code() != Error::Code::disk_full) {
      return closed;  // on a full disk the next writer does it: this one can still serve
    }
    BL_CHECK(renew_log_owner(db_, database_file(state_dir_)));
    id_ = files_in_place();
    BL_TRY(TextDictionary texts, TextDictionary::create(db_));
    texts_.emplace(std::move(texts));
    return {};
  }
  const std::filesystem::path& state_dir() const { return state_dir_; }
  bool is_in_place() const {
    return files_in_place() == id_ && is_log_owner(database_file(state_dir_));
  }
  Connection& db() { return db_; }
  TextDictionary& texts() { return *texts_; }
  SinkContext sink_context() { return {&db_, &*texts_, &next_ids_}; }

 private:
  // The database and its log.
  std::pair<FileId, FileId> files_in_place() const {
    const std::filesystem::path file = database_file(state_dir_);
    return {file_id(file), file_id(file.string() + "-wal")};
  }

  // Nobody else writes: a run without an outcome has lost its process.
  Status close_interrupted_runs() {
    return db_.execute(
        "UPDATE run_log SET outcome = 'cancelled', message = 'the process ended before the run "
        "did: it was killed, or crashed' WHERE outcome IS NULL");
  }

  std::filesystem::path state_dir_;
  std::pair<FileId, FileId> id_;
  std::optional<WriterLock> lock_;
  Connection db_;
  std::optional<TextDictionary> texts_;
  std::map<std::string, std::int64_t> next_ids_;
};

Result<std::unique_ptr<Store::Implementation>> Store::Implementation::open(
    const std::filesystem::path& state_dir, const records::Contracts& contracts, OpenCheck check) {
  const std::filesystem::path file = database_file(state_dir);
  BL_TRY(const bool has_database, find_database(file, {}));
  if (!has_database) {
    forget_log_owner(file);
  } else {
    settle_log_owner(file);
  }
  BL_TRY(Connection db, Connection::open_writer(file));
  if (check == OpenCheck::quick) {
    BL_CHECK(check_pages(db, file));
  }
  auto implementation = std::make_unique<Implementation>(state_dir, std::move(db));
  BL_CHECK(implementation->prepare(contracts));
  return implementation;
}

namespace {

// A log that does not belong to what is in its place must not be added to it.
Status clear_lost_log(const std::filesystem::path& file) {
  const std::optional<std::string> reason = find_lost_log(file);
  if (!reason) {
    return {};
  }
  log::error("{}", *reason);
  BL_TRY(const std::filesystem::path aside, move_log_aside(file));
  log::error(
      "the log was moved to {0}. To go back to its database: stop the daemon, move {1}, "
      "{1}-wal, {1}-shm and {1}-id away, put the database back as {1} and {0} as {1}-wal",
      aside.string(), file.string());
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& state_dir,
                                           const records::Contracts& contracts, OpenCheck check,
                                           OnDamage on_damage) {
  BL_CHECK(make_state_directory(state_dir));
  BL_TRY(WriterLock lock, WriterLock::acquire(state_dir));
  const std::filesystem::path file = database_file(state_dir);
  if (on_damage == OnDamage::move_aside) {
    BL_CHECK(clear_lost_log(file));
  }
  auto opened = Implementation::open(state_dir, contracts, check);
  if (!opened && opened.error().code() == Error::Code::data && on_damage == OnDamage::move_aside) {
    log::error("{}", opened.error().message());
    BL_TRY(const std::filesystem::path aside, move_damaged_aside(file));
    log::error("{} was moved to {}; everything is collected again", file.string(), aside.string());
    opened = Implementation::open(state_dir, contracts, check);
  }
  if (!opened) {
    return std::move(opened).error();
  }
  (*opened)->hold(std::move(lock));
  return std::unique_ptr<Store>(new Store(*std::move(opened)));
}

Store::Store(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

Store::~Store() = default;

Result<std::unique_ptr<records::RecordSink>> Store::record_sink(const std::string& collector,
                                                                std::int64_t run_id,
                                                                const Clock& clock) {
  return std::unique_ptr<records::RecordSink>(
      std::make_unique<TransactionSink>(implementation_->sink_context(), collector, run_id, clock));
}

Status Store::check_in_place() const {
  if (implementation_->is_in_place()) {
    return {};
  }
  const std::filesystem::path file = database_file(implementation_->state_dir());
  return Error(
      Error::Code::transient,
      fmt::format("{0} or {0}-wal was removed or replaced while this runs: what is "
                  "collected now "
                  "would be lost. Put it back where it was, without stopping this; or restart this "
                  "to go on with what is there",
                  file.string()));
}

Status Store::check_ready() const {
  BL_CHECK(check_in_place());
  const std::filesystem::path& state_dir = implementation_->state_dir();
  // SQLite would say I/O error, whose cause it does not keep.
  if (::access(state_dir.c_str(), W_OK) != 0 && errno == EROFS) {
    return Error(Error::Code::transient,
                 fmt::format("{}: the file system has become read-only. Look in the system's log "
                             "why; a daemon goes on by itself once it can write",
                             state_dir.string()));
  }
  std::error_code failure;
  const auto space = std::filesystem::space(state_dir, failure);
  if (failure || space.available >= kSpaceForARun) {
    return {};  // what cannot be asked is found when it is written
  }
  return Error(
      Error::Code::disk_full,
      fmt::format("{}: {:.1f} MB are free and a run needs {:.0f}. Free some space; a daemon "
                  "goes on by itself",
                  state_dir.string(), static_cast<double>(space.available) / 1e6,
                  static_cast<double>(kSpaceForARun) / 1e6));
}

Result<std::int64_t> Store::begin_run(const std::string& collector, const std::string& mode,
                                      UtcTime started_at) {
  BL_TRY(Statement insert,
         connection().prepare(
             "INSERT INTO run_log (collector, mode, started_at) VALUES (?1, ?2, ?3)"));
  insert.bind(1, collector).bind(2, mode).bind(3, to_us(started_at));
  BL_CHECK(insert.run());
  return connection().last_insert_rowid();
}

Status Store::finish_run(std::int64_t run_id, const RunRecord& record) {
  BL_TRY(Statement update,
         connection().prepare("UPDATE run_log SET collector = ?2, mode = ?3, started_at = ?4,"
                              " finished_at = ?5, outcome = ?6, message = ?7, counts = ?8"
                              " WHERE id = ?1"));
  const std::string counts = counts_json(record.counts);
  update.bind(1, run_id).bind(2, record.collector).bind(3, record.mode);
  update.bind(4, to_us(record.started_at)).bind(5, to_us(record.finished_at));
  update.bind(6, record.outcome).bind(7, record.message).bind(8, counts);
  BL_CHECK(update.run());
  BL_ASSERT(connection().changes() == 1);
  return {};
}

Result<std::optional<std::string>> Store::setting(std::string_view name) {
  BL_TRY(Statement select, connection().prepare("SELECT value FROM setting WHERE name = ?1"));
  select.bind(1, name);
  BL_TRY(const bool found, select.step());
  return found ? std::optional<std::string>(select.text(0)) : std::nullopt;
}

Status Store::set_setting(std::string_view name, std::string_view value) {
  BL_TRY(Statement put, connection().prepare("INSERT OR REPLACE INTO setting VALUES (?1, ?2)"));
  put.bind(1, name).bind(2, value);
  return put.run();
}

Connection& Store::connection() { return implementation_->db(); }

void Store::release_memory() {
  if (connection().in_transaction()) {
    return;  // of another run
  }
  implementation_->texts().clear();
  connection().release_memory();
  // Pages of the cache are many small blocks, which malloc would keep.
  ::malloc_trim(0);
}

}  // namespace baselined::store
