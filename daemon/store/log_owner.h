// Whose write-ahead log is it?
//
// SQLite replays any <file>-wal into the <file> beside it, also where somebody has put another
// database in its place meanwhile: rows are lost, pages are mixed, and nothing says so. So each
// writer gives its database a new id when it opens, in the database file itself, and notes it in
// <file>-id. A log that has anything in it belongs to the file that carries the noted id.
// Threads: those of the connection; the checks from any.
#pragma once

#include <filesystem>
#include <string>

#include "daemon/base/result.h"
#include "daemon/store/sqlite.h"

namespace baselined::store {

// Both hold where nothing was noted, and where the id cannot be read: SQLite finds out then.
// Errors: data; the message says what to do.
//
// Does the log, where there is anything in it, belong to `file`?
Status check_log_owner(const std::filesystem::path& file);
// For readers: is `file` the one that `writer` writes to, or another one in its place?
Status check_writers_file(const std::filesystem::path& file, const std::string& writer);
// The same for the writer itself, whose file can be overwritten by a copy.
bool is_log_owner(const std::filesystem::path& file);

// Is the log gone that a writer of `file` left? A clean stop leaves an empty one.
bool is_log_missing(const std::filesystem::path& file);

// Before the first write of a writer, whose log is empty or its own: what will be written to it
// must be taken for that of `file`, whatever stood there before.
void settle_log_owner(const std::filesystem::path& file);

// Moves what is in the log into the database, so that the two are no pair any more, and gives the
// database a new id. Where readers or a full disk prevent it, the old id stays good.
// Errors: those of SQLite but for a full disk.
Status renew_log_owner(Connection& db, const std::filesystem::path& file);

// Of a database that is not there any more.
void forget_log_owner(const std::filesystem::path& file);

// Is all of the log in the database now? Not where readers hold it back.
Result<bool> empty_log(Connection& db);

}  // namespace baselined::store
