#include "daemon/store/state_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "daemon/base/log.h"
#include "daemon/store/log_owner.h"
#include "daemon/store/migrations.h"

namespace baselined::store {
namespace {

Error unusable(const std::filesystem::path& path, std::string_view what) {
  return {Error::Code::config, fmt::format("{}: {}", path.string(), what)};
}

Error damaged(const std::filesystem::path& file, std::string_view what) {
  return {Error::Code::data,
          fmt::format("{0}: {1}. To keep what it holds, restore a backup and move {0}-wal "
                      "away, which belongs to this one; a daemon that starts moves both aside and "
                      "collects everything again",
                      file.string(), what)};
}

bool has_log(const std::filesystem::path& file) {
  std::error_code failure;
  return std::filesystem::exists(file.string() + "-wal", failure);
}

// A log that has lost its database.
Error without_database(const std::filesystem::path& file, bool exists,
                       const std::optional<std::string>& writer) {
  const std::string what =
      fmt::format("{} {}", file.string(), exists ? "was emptied" : "is missing");
  if (writer) {
    return {Error::Code::data,
            fmt::format("{}, and {} still writes to what was there. Put it back where it was, "
                        "without ending that process; what was emptied is lost: end it, and "
                        "restore a backup",
                        what, *writer)};
  }
  return {Error::Code::data,
          fmt::format("{0}, and its write-ahead log is still there. Put it back, or restore a "
                      "backup; without one move {1}-wal away, or start a daemon, which does so and "
                      "collects everything again",
                      what, file.string())};
}

// False for a file that nothing was written to.
Result<bool> identify(const std::filesystem::path& file) {
  const auto explain = [&file](Error error) {
    return error.code() == Error::Code::data ? damaged(file, "not a database, or damaged")
                                             : std::move(error);
  };
  Result<Connection> reader = Connection::open_reader(file);
  if (!reader) {
    return explain(std::move(reader).error());
  }
  const Result<std::int64_t> application = reader->integer("PRAGMA application_id");
  const Result<std::int64_t> version = reader->integer("PRAGMA user_version");
  const Result<std::int64_t> objects = reader->integer("SELECT count(*) FROM sqlite_schema");
  for (const Result<std::int64_t>* answer : {&application, &version, &objects}) {
    if (!*answer) {
      return explain(answer->error());
    }
  }
  // Nothing in it at all: made, but never written. All else must carry our mark.
  if (*application == 0 && *version == 0 && *objects == 0) {
    return false;
  }
  if (*application != kApplicationId) {
    return unusable(file, "a database of another program; move it away, or name another directory");
  }
  if (*version > schema_version()) {
    return Error(
        Error::Code::unsupported,
        fmt::format("{}: schema version {}, and this program knows {}. It was written by a "
                    "newer baselined: upgrade, or restore a backup of before",
                    file.string(), *version, schema_version()));
  }
  return true;
}

}  // namespace

Result<bool> find_state_directory(const std::filesystem::path& state_dir) {
  struct stat info {};
  if (::stat(state_dir.c_str(), &info) != 0) {
    return errno == ENOENT ? Result<bool>(false)
                           : unusable(state_dir, fmt::format("the state directory cannot be used: "
                                                             "{}",
                                                             std::strerror(errno)));
  }
  if (!S_ISDIR(info.st_mode)) {
    return unusable(state_dir, "the state directory is not a directory; name another one");
  }
  return true;
}

Status make_state_directory(const std::filesystem::path& state_dir) {
  BL_TRY(const bool exists, find_state_directory(state_dir));
  if (!exists && ::mkdir(state_dir.c_str(), 0700) != 0 && errno != EEXIST) {
    const int error = errno;
    return unusable(state_dir, fmt::format("cannot create the state directory: {}. Create it, "
                                           "owned by the user that runs this, with mode 0700",
                                           std::strerror(error)));
  }
  return {};
}

Result<bool> find_database(const std::filesystem::path& file,
                           const std::optional<std::string>& writer) {
  struct stat info {};
  const bool exists = ::stat(file.c_str(), &info) == 0;
  if (!exists && errno != ENOENT) {
    return unusable(file, fmt::format("cannot be used: {}. Run this as the user that owns it",
                                      std::strerror(errno)));
  }
  struct stat link {};
  if (::lstat(file.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) {
    // SQLite keeps the log beside the file itself, where nothing looks for it.
    return unusable(file,
                    "the database is a symbolic link; let the state directory be one instead, "
                    "or name the directory where the database is");
  }
  if (exists && !S_ISREG(info.st_mode)) {
    return unusable(file, "the database is not a regular file; move it away");
  }
  if (::lstat((file.string() + "-wal").c_str(), &link) == 0 && !S_ISREG(link.st_mode)) {
    return unusable(file.string() + "-wal",
                    "the log of the database is not a regular file; put the log itself there, or "
                    "move this away");
  }
  if (!exists || info.st_size == 0) {
    // The write-ahead log stays after a clean stop too. SQLite would throw it away.
    return has_log(file) ? Result<bool>(without_database(file, exists, writer)) : false;
  }
  // A rollback journal is there only until the first opening has switched to a write-ahead log; a
  // reader cannot clear up after it. An empty one is none: other programs leave it.
  std::error_code failure;
  const auto journal_size = std::filesystem::file_size(file.string() + "-journal", failure);
  if (!failure && journal_size != 0) {
    return false;
  }
  BL_CHECK(writer ? check_writers_file(file, *writer) : check_log_owner(file));
  // Said once: whoever opens the database makes an empty one.
  if (!writer && is_log_missing(file)) {
    log::warn(
        "{0}-wal is missing, which stays in place when a daemon stops. What was in it and not in "
        "the database is lost; "
        "what the sources still have of it is collected again",
        file.string());
  }
  return identify(file);
}

std::optional<std::string> find_lost_log(const std::filesystem::path& file) {
  if (!has_log(file)) {
    return std::nullopt;
  }
  std::error_code failure;
  const bool exists = std::filesystem::exists(file, failure);
  if (!exists || std::filesystem::file_size(file, failure) == 0) {
    return without_database(file, exists, {}).message();
  }
  const Status owner = check_log_owner(file);
  return owner ? std::nullopt : std::optional(owner.error().message());
}

Status check_pages(Connection& db, const std::filesystem::path& file) {
  Result<Statement> check = db.prepare("PRAGMA quick_check(1)");
  if (check) {
    const Result<bool> row = check->step();
    if (row && *row && check->text(0) == "ok") {
      return {};
    }
    if (!row && row.error().code() != Error::Code::data) {
      return row.error();
    }
  } else if (check.error().code() != Error::Code::data) {
    return std::move(check).error();
  }
  return damaged(file, "the database is damaged");
}

}  // namespace baselined::store
