// The id changes each time a database is opened for writing, not more often: a copy that was made
// while it is open, other than by VACUUM, carries the id of the log that goes on.
//
// How the id changes. A crash between any two steps leaves a pair that is recognised:
//   database  log       noted
//   old       empty     old        the log was emptied
//   old       empty     old, new   noted, durably
//   old       new       old, new   the new id was committed
//   new       empty     old, new   the log was emptied again
//   new       empty     new        noted, or found by the next writer
#include "daemon/store/log_owner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "daemon/base/digest.h"

namespace baselined::store {
namespace {

constexpr std::string_view kSelectId = "SELECT value FROM setting WHERE name = 'log_owner'";
constexpr int kEmptyLogWaitMs = 100;
constexpr std::size_t kIdBytes = 16;

std::filesystem::path note_of(const std::filesystem::path& file) { return file.string() + "-id"; }

bool is_id(const std::string& text) {
  return text.size() == 2 * kIdBytes &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// A power cut can leave zeros or a part of what was not written durably, which name no database.
std::set<std::string> noted(const std::filesystem::path& file) {
  std::ifstream note(note_of(file));
  std::set<std::string> ids;
  for (std::string id; std::getline(note, id);) {
    if (is_id(id)) {
      ids.insert(id);
    }
  }
  return ids;
}

// Whole or not at all.
bool write_note(const std::filesystem::path& file, const std::set<std::string>& ids, bool durably) {
  std::string text;
  for (const std::string& id : ids) {
    text += id + "\n";
  }
  const std::string temporary = note_of(file).string() + ".new";
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return false;
  }
  bool is_written =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      (!durably || ::fsync(descriptor) == 0);
  ::close(descriptor);
  is_written = is_written && ::rename(temporary.c_str(), note_of(file).c_str()) == 0;
  if (!is_written || !durably) {
    ::unlink(temporary.c_str());
    return is_written;
  }
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  is_written = folder >= 0 && ::fsync(folder) == 0;
  ::close(folder);
  return is_written;
}

std::string random_id() {
  std::array<char, kIdBytes> bytes{};
  BL_ASSERT(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return to_hex(std::string_view(bytes.data(), bytes.size()));
}

// What `db` sees of the id: none where there is no such table yet.
Result<std::optional<std::string>> read_id(Connection& db) {
  BL_TRY(Statement select, db.prepare(kSelectId));
  BL_TRY(const bool found, select.step());
  return found ? std::optional<std::string>(select.text(0)) : std::nullopt;
}

// Is it the database that the last writer wrote to? As it is right now: the id may be changing.
bool looks_noted(const std::filesystem::path& file) {
  Result<Connection> alone = Connection::open_without_log(file);
  if (!alone) {
    return true;
  }
  const Result<bool> has_log = alone->has_log_mode();
  if (has_log && !*has_log) {
    return false;  // a copy that VACUUM made: it carries the id of what it was made of
  }
  const Result<std::optional<std::string>> id = read_id(*alone);
  if (!id && id.error().code() != Error::Code::internal) {
    return true;
  }
  const std::set<std::string> ids = noted(file);
  return ids.empty() || (id && *id && ids.count(**id) == 1);
}

// What the file itself says, without its log.
std::optional<std::string> own_id(const std::filesystem::path& file) {
  Result<Connection> alone = Connection::open_without_log(file);
  Result<std::optional<std::string>> id = alone ? read_id(*alone) : std::nullopt;
  return id ? *std::move(id) : std::nullopt;
}

}  // namespace

bool is_log_owner(const std::filesystem::path& file) {
  return noted(file).empty() || looks_noted(file) || looks_noted(file);
}

Status check_log_owner(const std::filesystem::path& file) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(file.string() + "-wal", failure);
  if (failure || size == 0 || is_log_owner(file)) {
    return {};
  }
  return Error(Error::Code::data,
               fmt::format("{0}-wal is the log of another database than {0}. To go on with this "
                           "database move {0}-wal away, or start a daemon, which does so; to go on "
                           "with the other one put that back as {0}. Where both were copied here "
                           "together, remove {0}-id instead",
                           file.string()));
}

Status check_writers_file(const std::filesystem::path& file, const std::string& writer) {
  if (is_log_owner(file)) {
    return {};
  }
  return Error(Error::Code::data,
               fmt::format("{} was replaced: {} writes to another database. Put that one back; or "
                           "end that process, and start again with this one",
                           file.string(), writer));
}

bool is_log_missing(const std::filesystem::path& file) {
  std::error_code failure;
  const bool is_there = std::filesystem::exists(file.string() + "-wal", failure);
  return !failure && !is_there && !noted(file).empty() && looks_noted(file);
}

void settle_log_owner(const std::filesystem::path& file) {
  if (is_log_owner(file)) {
    return;
  }
  const auto id = own_id(file);
  if (!id || !write_note(file, {*id}, true)) {
    forget_log_owner(file);  // which a full disk allows
  }
}

Result<bool> empty_log(Connection& db) {
  BL_CHECK(db.execute(fmt::format("PRAGMA busy_timeout = {}", kEmptyLogWaitMs)));
  const Result<std::int64_t> is_busy = db.integer("PRAGMA wal_checkpoint(TRUNCATE)");
  BL_CHECK(db.execute(fmt::format("PRAGMA busy_timeout = {}", Connection::kBusyTimeoutMs)));
  if (!is_busy) {
    return is_busy.error();
  }
  return *is_busy == 0;
}

Status renew_log_owner(Connection& db, const std::filesystem::path& file) {
  const std::string fresh = random_id();
  const auto renew = [&db, &file, &fresh]() -> Result<bool> {
    BL_TRY(const bool is_empty, empty_log(db));
    if (!is_empty) {
      return false;
    }
    BL_TRY(const auto current, read_id(db));
    if (!current) {
      forget_log_owner(file);  // nothing that is noted can be this database
    } else if (!write_note(file, {*current, fresh}, true)) {
      return false;
    }
    BL_TRY(Statement put, db.prepare("INSERT OR REPLACE INTO setting VALUES ('log_owner', ?1)"));
    put.bind(1, fresh);
    BL_CHECK(put.run());
    return empty_log(db);
  };
  const Result<bool> renewed = renew();
  if (!renewed && renewed.error().code() != Error::Code::disk_full) {
    return renewed.error();
  }
  if (renewed && *renewed) {
    write_note(file, {fresh}, false);  // where this is lost, the old one is good once more
  }
  return {};
}

void forget_log_owner(const std::filesystem::path& file) { ::unlink(note_of(file).c_str()); }

}  // namespace baselined::store
