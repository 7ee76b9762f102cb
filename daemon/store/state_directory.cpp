#include "daemon/store/state_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>

#include "daemon/base/time.h"
#include "daemon/store/migrations.h"

namespace baselined::store {
namespace {

constexpr const char* kAside = ".damaged-";
constexpr std::size_t kMostAside = 3;
constexpr std::size_t kCompactTimeSize = 16;  // 20261122T135512Z

// Without the characters that file names should not have.
std::string compact_time(UtcTime time) {
  std::string text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

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

Result<bool> find_database(const std::filesystem::path& file) {
  struct stat info {};
  const bool exists = ::stat(file.c_str(), &info) == 0;
  if (!exists && errno != ENOENT) {
    return unusable(file, fmt::format("cannot be used: {}. Run this as the user that owns it",
                                      std::strerror(errno)));
  }
  if (exists && !S_ISREG(info.st_mode)) {
    return unusable(file, "the database is not a regular file; move it away");
  }
  if (!exists || info.st_size == 0) {
    // The write-ahead log stays after a clean stop too. SQLite would throw it away.
    std::error_code failure;
    if (std::filesystem::exists(file.string() + "-wal", failure)) {
      return Error(Error::Code::data,
                   fmt::format("{0} {1}, and its write-ahead log is still there, with what "
                               "was collected last. Put it back; or restore a backup and move "
                               "{0}-wal away; a daemon that starts moves it aside and collects "
                               "everything again",
                               file.string(), exists ? "was emptied" : "is missing"));
    }
    return false;
  }
  // A rollback journal is there only until the first opening has switched to a write-ahead log; a
  // reader cannot clear up after it.
  std::error_code failure;
  if (std::filesystem::exists(file.string() + "-journal", failure)) {
    return false;
  }
  return identify(file);
}

std::vector<std::filesystem::path> find_aside(const std::filesystem::path& file) {
  const std::string front = file.filename().string() + kAside;
  std::set<std::filesystem::path> kept;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path(), failure)) {
    const std::string name = entry.path().filename().string();
    // Its logs have the same front, and may be all that is left.
    if (name.starts_with(front)) {
      kept.insert(file.parent_path() / name.substr(0, front.size() + kCompactTimeSize));
    }
  }
  return {kept.begin(), kept.end()};
}

// The database first: its logs alone are found damaged again where this is interrupted, but it
// without its logs would be taken for whole.
Result<std::filesystem::path> move_aside(const std::filesystem::path& file) {
  const auto kept = find_aside(file);
  if (kept.size() >= kMostAside) {
    return Error(Error::Code::data,
                 fmt::format("{} is damaged, and so were {} before it, which are kept beside it. "
                             "Look for the cause (the disk, another program that writes there), "
                             "then move them away",
                             file.string(), kept.size()));
  }
  const std::string aside = file.string() + kAside + compact_time(SystemClock().now());
  if (std::find(kept.begin(), kept.end(), aside) != kept.end()) {
    return Error(Error::Code::transient,
                 fmt::format("{} is there already; try again in a second", aside));
  }
  for (const char* part : {"", "-journal", "-wal", "-shm"}) {
    std::error_code failure;
    std::filesystem::rename(file.string() + part, aside + part, failure);
    if (failure && failure != std::errc::no_such_file_or_directory) {
      return Error(Error::Code::transient,
                   fmt::format("{}{} belongs to a damaged database and cannot be moved to {}{}: {}",
                               file.string(), part, aside, part, failure.message()));
    }
  }
  return std::filesystem::path(aside);
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
