// The messages that frames carry. encode() gives a payload, decode_x() reads one and refuses what
// does not fit exactly. See frame.h.
//
// A run:  worker: Hello            daemon: Start (or Refused)
//         worker: rows, remove, BeginScope, Coverage, OpenSetPut, Log, Progress   (no answer)
//         worker: CursorGet        daemon: Cursor
//         worker: OpenSetGet       daemon: OpenSet, in chunks
//         worker: Http             daemon: HttpHead, then (where it has a status) the body in
//         chunks worker: Commit           daemon: Committed (an empty payload), after it is durable
//         worker: Error, Done, exit
// Refused ends a run from the daemon's side: the pending call and all later ones return its code.
// Text in messages is UTF-8, checked when it is decoded. Every error is internal: a protocol
// violation. Views in decoded messages point into the payload.
// Threads: pure functions and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/wire/frame.h"

namespace baselined::wire {

// What a worker has taken away from itself, where the kernel can.
struct Confinement {
  std::uint32_t landlock = 0;  // the kernel's level; 0: none
  bool seccomp = false;

  bool is_full() const { return landlock != 0 && seccomp; }
};

struct Hello {
  std::string_view build_id;  // build_id() of the worker
  std::string_view plugin_id;
  std::string_view plugin_version;
  std::uint64_t manifest = 0;  // fingerprint() of what --describe prints
  Confinement confinement;
};

enum class RunMode : std::uint8_t { incremental = 0, full = 1, backfill = 2, probe = 3 };

struct Start {
  std::string_view options;  // canonical JSON
  RunMode mode = RunMode::incremental;
  std::int64_t window_begin_us = 0;
  std::int64_t window_end_us = 0;
  std::int64_t deadline_us = 0;
  std::int64_t frozen_now_us = 0;  // not 0: now_us() of the run always answers this
};

struct BeginScope {
  std::uint32_t stream = 0;
  std::string_view scope;
};

struct Coverage {
  std::uint32_t stream = 0;
  std::string_view scope;
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::string_view reason;
};

// Chunks of one set follow each other directly; the last has `last` set.
struct OpenSet {
  std::uint32_t stream = 0;
  std::string_view scope;
  bool last = true;
  std::vector<std::string_view> keys;
};

struct OpenSetGet {
  std::uint32_t stream = 0;
  std::string_view scope;
};

struct CursorGet {
  std::string_view key;
};

struct Cursor {
  std::string_view value;
};

struct Commit {
  std::string_view key;
  std::string_view cursor;
};

struct Committed {};

// What need not be UTF-8.
struct Bytes {
  std::string_view data;
};

struct Http {
  std::string_view method;
  std::string_view target;
  std::vector<std::string_view> headers;  // name, value, name, value, ...
  Bytes body;
  std::uint32_t timeout_ms = 0;
  bool is_conditional = false;
};

// A complete exchange (code 0), or why there was none.
struct HttpHead {
  std::uint8_t code = 0;  // bl_status
  std::int64_t retry_after_ms = 0;
  std::string_view text;  // what an administrator needs to know of a failure
  std::uint16_t status = 0;
  std::vector<std::string_view> headers;  // name, value, name, value, ...
};

// Chunks of one body follow each other directly; the last has `last` set.
struct HttpBody {
  bool last = true;
  Bytes bytes;
};

struct Log {
  std::uint8_t level = 0;  // bl_level
  std::string_view text;
};

struct ErrorReport {
  std::uint8_t code = 0;  // bl_status
  std::int64_t retry_after_ms = 0;
  std::string_view text;
};

struct Progress {
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: unknown
  std::string_view unit;
};

struct Done {
  std::uint8_t status = 0;  // bl_status
  std::uint64_t peak_memory_kib = 0;
  bool was_short_of_memory = false;  // the plugin asked for more than there was
};

struct Refused {
  std::uint8_t code = 0;  // bl_status
  std::string_view text;
};

// Bounds that keep every payload below kMaxPayloadBytes. The sender keeps them: the worker answers
// a plugin that wants more with a limit error.
constexpr std::size_t kMaxTextBytes = std::size_t{64} << 10U;     // scope, key, reason, unit, log
constexpr std::size_t kMaxCursorBytes = std::size_t{512} << 10U;  // more belongs in an open set
constexpr std::size_t kMaxHttpBytes = std::size_t{512}
                                      << 10U;  // of one request, all parts together
constexpr std::size_t kMaxHttpHeadBytes = std::size_t{256} << 10U;   // of one answer's headers
constexpr std::size_t kHttpChunkBytes = std::size_t{256} << 10U;     // of an answer's body
constexpr std::size_t kOpenSetChunkBytes = std::size_t{256} << 10U;  // of keys, then a new chunk

// Same for daemon and worker of one build.
std::string_view build_id();

// Tells apart texts of which nobody made one to look like another (FNV-1a).
std::uint64_t fingerprint(std::string_view text);

std::string encode(const Hello& message);
std::string encode(const Start& message);
std::string encode(const BeginScope& message);
std::string encode(const Coverage& message);
std::string encode(const OpenSet& message);
std::string encode(const OpenSetGet& message);
std::string encode(const CursorGet& message);
std::string encode(const Cursor& message);
std::string encode(const Commit& message);
std::string encode(const Http& message);
std::string encode(const HttpHead& message);
std::string encode(const HttpBody& message);
std::string encode(const Log& message);
std::string encode(const ErrorReport& message);
std::string encode(const Progress& message);
std::string encode(const Done& message);
std::string encode(const Refused& message);

Result<Hello> decode_hello(std::string_view payload);
Result<Start> decode_start(std::string_view payload);
Result<BeginScope> decode_begin_scope(std::string_view payload);
Result<Coverage> decode_coverage(std::string_view payload);
Result<OpenSet> decode_open_set(std::string_view payload);
Result<OpenSetGet> decode_open_set_get(std::string_view payload);
Result<CursorGet> decode_cursor_get(std::string_view payload);
Result<Cursor> decode_cursor(std::string_view payload);
Result<Commit> decode_commit(std::string_view payload);
Result<Http> decode_http(std::string_view payload);
Result<HttpHead> decode_http_head(std::string_view payload);
Result<HttpBody> decode_http_body(std::string_view payload);
Result<Log> decode_log(std::string_view payload);
Result<ErrorReport> decode_error(std::string_view payload);
Result<Progress> decode_progress(std::string_view payload);
Result<Done> decode_done(std::string_view payload);
Result<Refused> decode_refused(std::string_view payload);

}  // namespace baselined::wire
