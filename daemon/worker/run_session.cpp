#include "daemon/worker/run_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include "daemon/base/utf8.h"
#include "daemon/worker/descriptor.h"
#include "daemon/worker/http_answer.h"
#include "daemon/worker/plugin_text.h"
#include "daemon/worker/row_cells.h"

namespace baselined::worker {
namespace {

using wire::FrameType;

constexpr std::chrono::milliseconds kProgressInterval{100};
// Of one key of an open set, besides its text.
constexpr std::size_t kKeyOverheadBytes = 9;

std::int64_t clock_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<Microseconds>(now).count();
}

bl_str to_str(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

RunSession::Stream::Stream(std::uint32_t number, const bl_stream& declared)
    : name(to_view(declared.name)),
      columns(all_columns(declared)),
      key(key_columns(declared)),
      rows(number, declared.n_columns) {}

RunSession::RunSession(Channel& channel, const bl_plugin& plugin, const wire::Start& start,
                       const CancelPage& page)
    : channel_(channel),
      page_(page),
      info_{sizeof(bl_run_info), static_cast<std::uint32_t>(start.mode), start.window_begin_us,
            start.window_end_us, start.deadline_us},
      frozen_now_us_(start.frozen_now_us),
      cells_(wire::kMaxColumns) {
  for (std::uint32_t number = 0; number < plugin.n_streams; ++number) {
    streams_.emplace_back(number, plugin.streams[number]);
  }
}

// ---- what every call does ------------------------------------------------------------------

// What the plugin is told: a full disk of the daemon's is none of its codes.
bl_status RunSession::status() const noexcept {
  return failure_->code() == Error::Code::disk_full ? BL_ERR_TRANSIENT
                                                    : static_cast<bl_status>(failure_->code());
}

bl_status RunSession::fail(Error error) noexcept {
  if (!failure_) {
    failure_ = std::move(error);
  }
  return status();
}

template <class Body>
bl_status RunSession::guarded(const Body& body) noexcept {
  if (failure_) {
    return status();
  }
  if (page_.is_set()) {
    return BL_ERR_CANCELLED;
  }
  try {
    Status done = body();
    return done ? BL_OK : fail(std::move(done).error());
  } catch (const std::bad_alloc&) {
    return fail(Error(Error::Code::limit, "out of memory"));
  } catch (const std::exception& failure) {
    return fail(Error(Error::Code::internal, failure.what()));
  }
}

Result<RunSession::Stream*> RunSession::find_stream(std::uint32_t stream) {
  if (stream >= streams_.size()) {
    return Error(Error::Code::data,
                 fmt::format("stream number {} does not exist: the plugin declares {}", stream,
                             streams_.size()));
  }
  return &streams_[stream];
}

Status RunSession::send(FrameType type, std::string_view payload) {
  BL_CHECK(flush_rows());
  BL_CHECK(send_logs());
  return channel_.send(type, payload);
}

// ---- rows ----------------------------------------------------------------------------------

bl_status RunSession::emit(std::uint32_t stream, const bl_value* cells, std::uint32_t n_columns,
                           std::uint32_t n_rows) noexcept {
  return guarded([&]() -> Status {
    BL_TRY(Stream * target, find_stream(stream));
    if (info_.mode == BL_RUN_PROBE) {
      return Error(Error::Code::data, "the plugin emitted rows in a probe");
    }
    if (n_columns != target->columns.size()) {
      return Error(Error::Code::data,
                   fmt::format("stream {}: a row of {} cells, {} columns are declared",
                               target->name, n_columns, target->columns.size()));
    }
    if (cells == nullptr && n_rows != 0) {
      return Error(Error::Code::data, fmt::format("stream {}: no cells", target->name));
    }
    for (std::size_t row = 0; row < n_rows; ++row) {
      BL_CHECK(add_row(*target, {cells + row * n_columns, n_columns}));
    }
    return {};
  });
}

Status RunSession::add_row(Stream& stream, std::span<const bl_value> values) {
  const std::span<Cell> cells(cells_.data(), values.size());
  Status added = read_cells(stream.columns, values, cells);
  if (added) {
    added = stream.rows.add(cells);
  }
  if (!added) {
    return std::move(added).error().with(fmt::format("stream {}", stream.name));
  }
  return stream.rows.size() > wire::kRowsFlushBytes ? send_rows(stream) : Status();
}

Status RunSession::send_rows(Stream& stream) {
  return stream.rows.rows() == 0 ? Status() : channel_.send(FrameType::rows, stream.rows.take());
}

Status RunSession::flush_rows() {
  for (Stream& stream : streams_) {
    BL_CHECK(send_rows(stream));
  }
  return {};
}

bl_status RunSession::remove(std::uint32_t stream, const bl_value* key_cells,
                             std::uint32_t n_cells) noexcept {
  return guarded([&]() -> Status {
    BL_TRY(Stream * target, find_stream(stream));
    if (key_cells == nullptr || n_cells != target->key.size()) {
      return Error(Error::Code::data,
                   fmt::format("stream {}: a key of {} cells, {} key columns are declared",
                               target->name, n_cells, target->key.size()));
    }
    const std::span<Cell> cells(cells_.data(), n_cells);
    wire::RowsWriter removal(stream, n_cells);
    Status added = read_cells(target->key, {key_cells, n_cells}, cells);
    if (added) {
      added = removal.add(cells);
    }
    if (!added) {
      return std::move(added).error().with(fmt::format("stream {}, remove", target->name));
    }
    return send(FrameType::remove, removal.take());
  });
}

// ---- scopes, coverage, open sets -----------------------------------------------------------

bl_status RunSession::begin_scope(std::uint32_t stream, bl_str scope) noexcept {
  return guarded([&]() -> Status {
    wire::BeginScope message;
    message.stream = stream;
    BL_CHECK(find_stream(stream));
    BL_TRY(message.scope, read_text(scope, "a scope"));
    return send(FrameType::begin_scope, encode(message));
  });
}

bl_status RunSession::coverage(std::uint32_t stream, bl_str scope, std::int64_t from_us,
                               std::int64_t to_us, bl_str reason) noexcept {
  return guarded([&]() -> Status {
    wire::Coverage message;
    message.stream = stream;
    message.from_us = from_us;
    message.to_us = to_us;
    BL_CHECK(find_stream(stream));
    BL_TRY(message.scope, read_text(scope, "a scope"));
    BL_TRY(message.reason, read_text(reason, "a reason"));
    if (from_us > to_us) {
      return Error(Error::Code::data, "coverage that ends before it begins");
    }
    return send(FrameType::coverage, encode(message));
  });
}

bl_status RunSession::open_set_put(std::uint32_t stream, bl_str scope, const bl_str* keys,
                                   std::uint64_t n_keys) noexcept {
  return guarded([&]() -> Status {
    BL_CHECK(find_stream(stream));
    BL_TRY(const std::string_view name, read_text(scope, "a scope"));
    if (keys == nullptr && n_keys != 0) {
      return Error(Error::Code::data, "an open set without keys");
    }
    return send_open_set(stream, name, {keys, n_keys});
  });
}

Status RunSession::send_open_set(std::uint32_t stream, std::string_view scope,
                                 std::span<const bl_str> keys) {
  wire::OpenSet chunk{stream, scope, false, {}};
  std::size_t bytes = 0;
  for (const bl_str& text : keys) {
    BL_TRY(const std::string_view key, read_text(text, "a key of an open set"));
    chunk.keys.push_back(key);
    bytes += key.size() + kKeyOverheadBytes;
    if (bytes > wire::kOpenSetChunkBytes) {
      BL_CHECK(send(FrameType::open_set_put, encode(chunk)));
      chunk.keys.clear();
      bytes = 0;
    }
  }
  chunk.last = true;
  return send(FrameType::open_set_put, encode(chunk));
}

bl_status RunSession::open_set_get(std::uint32_t stream, bl_str scope, const bl_str** keys,
                                   std::uint64_t* n_keys) noexcept {
  *keys = nullptr;
  *n_keys = 0;
  return guarded([&]() -> Status {
    BL_CHECK(find_stream(stream));
    BL_TRY(const std::string_view name, read_text(scope, "a scope"));
    BL_CHECK(send(FrameType::open_set_get, encode(wire::OpenSetGet{stream, name})));
    BL_CHECK(read_open_set(stream, name));
    *keys = open_set_keys_.data();
    *n_keys = open_set_keys_.size();
    return {};
  });
}

Status RunSession::read_open_set(std::uint32_t stream, std::string_view scope) {
  open_set_payloads_.clear();
  open_set_keys_.clear();
  std::vector<wire::OpenSet> chunks;
  do {
    BL_TRY(const std::string_view payload, channel_.receive(FrameType::open_set));
    // The keys point into the payload; a deque leaves it where it is.
    BL_TRY(wire::OpenSet chunk, wire::decode_open_set(open_set_payloads_.emplace_back(payload)));
    if (chunk.stream != stream || chunk.scope != scope) {
      return Error(Error::Code::internal, "the daemon answered with another open set");
    }
    chunks.push_back(std::move(chunk));
  } while (!chunks.back().last);
  for (const wire::OpenSet& chunk : chunks) {
    for (const std::string_view key : chunk.keys) {
      open_set_keys_.push_back(to_str(key));
    }
  }
  return {};
}

// ---- cursor and commit ---------------------------------------------------------------------

bl_status RunSession::cursor_get(bl_str key, bl_str* out) noexcept {
  *out = {nullptr, 0};
  return guarded([&]() -> Status {
    BL_TRY(const std::string_view name, read_text(key, "a cursor's key"));
    BL_CHECK(send(FrameType::cursor_get, encode(wire::CursorGet{name})));
    BL_TRY(const std::string_view payload, channel_.receive(FrameType::cursor));
    BL_TRY(const wire::Cursor answer, wire::decode_cursor(payload));
    cursor_ = answer.value;
    *out = to_str(cursor_);
    return {};
  });
}

bl_status RunSession::commit(bl_str key, bl_str cursor) noexcept {
  return guarded([&]() -> Status {
    wire::Commit message;
    BL_TRY(message.key, read_text(key, "a cursor's key"));
    BL_TRY(message.cursor, read_text(cursor, "a cursor", wire::kMaxCursorBytes));
    BL_CHECK(send_progress());
    BL_CHECK(send(FrameType::commit, encode(message)));
    BL_CHECK(channel_.receive(FrameType::committed));
    return {};
  });
}

// ---- HTTP ----------------------------------------------------------------------------------

bl_status RunSession::http_send(const bl_http_request* request, bl_http_response** out) noexcept {
  *out = nullptr;
  bl_status answered = BL_OK;
  const bl_status told = guarded([&]() -> Status {
    if (request == nullptr) {
      return Error(Error::Code::data, "a request is a null pointer");
    }
    BL_TRY(const wire::Http http, read_http_request(*request));
    BL_CHECK(send(FrameType::http, encode(http)));
    return read_http_answer(answered, out);
  });
  return told == BL_OK ? answered : told;
}

Status RunSession::read_http_answer(bl_status& answered, bl_http_response** out) {
  http_failure_.reset();
  BL_TRY(const std::string_view payload, channel_.receive(FrameType::http_head));
  BL_TRY(const wire::HttpHead head, wire::decode_http_head(payload));
  if (head.code != BL_OK) {
    answered = head.code;
    http_failure_ = {answered, head.retry_after_ms, std::string(head.text)};
    return {};
  }
  auto answer = std::make_unique<HttpAnswer>(head);
  bool is_complete = false;
  while (!is_complete) {
    BL_TRY(const std::string_view body, channel_.receive(FrameType::http_body));
    BL_TRY(const wire::HttpBody chunk, wire::decode_http_body(body));
    answer->append(chunk.bytes.data);
    is_complete = chunk.last;
  }
  *out = HttpAnswer::release(std::move(answer));
  return {};
}

// ---- what any thread may ask ---------------------------------------------------------------

void RunSession::log(bl_level level, std::string_view text) noexcept {
  try {
    logs_.add(level, text, std::chrono::steady_clock::now());
  } catch (const std::exception&) {
    return;  // out of memory: the next allocation that matters will say so
  }
  if (std::this_thread::get_id() == run_thread_) {
    guarded([&] { return send_logs(); });
  }
}

// At the deadline too, by the daemon's steady clock: the wall clock may jump.
bool RunSession::is_cancelled() const noexcept { return page_.is_set(); }

std::int64_t RunSession::now_us() const noexcept {
  return frozen_now_us_ != 0 ? frozen_now_us_ : clock_us();
}

Status RunSession::send_logs() {
  for (const LogLine& line : logs_.take()) {
    BL_CHECK(channel_.send(FrameType::log, encode(wire::Log{line.level, line.text})));
  }
  return {};
}

void RunSession::progress(std::uint64_t done, std::uint64_t total, std::string_view unit) noexcept {
  guarded([&]() -> Status {
    if (unit != progress_.unit) {
      progress_.unit = clean_utf8(unit, wire::kMaxTextBytes);
    }
    progress_.latest = {done, total, {}};
    progress_.is_unsent = true;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now - progress_.sent_at < kProgressInterval) {
      return {};
    }
    progress_.sent_at = now;
    return send_progress();
  });
}

Status RunSession::send_progress() {
  if (!progress_.is_unsent) {
    return {};
  }
  progress_.is_unsent = false;
  progress_.latest.unit = progress_.unit;
  return channel_.send(FrameType::progress, encode(progress_.latest));
}

// ---- the end -------------------------------------------------------------------------------

void RunSession::set_error(bl_status code, std::int64_t retry_after_ms,
                           std::string_view text) noexcept {
  // The code is the one that the plugin returns; what it says here is only the reason.
  static_cast<void>(code);
  try {
    reported_.retry_after_ms = std::max<std::int64_t>(retry_after_ms, 0);
    reported_.text = clean_utf8(text, LogQueue::kMaxLineBytes);
  } catch (const std::exception&) {
    reported_.text.clear();
  }
}

bl_status RunSession::outcome(bl_status answered) {
  if (answered < BL_OK || answered > BL_ERR_LIMIT) {
    reported_.text = fmt::format("the plugin returned status {}, which does not exist", answered);
    return BL_ERR_INTERNAL;
  }
  return answered == BL_OK && failure_ ? status() : answered;
}

Status RunSession::finish(bl_status outcome, std::uint64_t peak_memory_kib,
                          bool was_short_of_memory) {
  // Rows after the last commit are sent too: the daemon discards and counts them.
  BL_CHECK(flush_rows());
  BL_CHECK(send_progress());
  BL_CHECK(send_logs());
  if (logs_.dropped() != 0) {
    const std::string text = fmt::format("{} more log lines were dropped", logs_.dropped());
    BL_CHECK(channel_.send(FrameType::log, encode(wire::Log{BL_WARN, text})));
  }
  if (outcome != BL_OK) {
    wire::ErrorReport report;
    report.code = static_cast<std::uint8_t>(outcome);
    report.retry_after_ms = reported_.retry_after_ms;
    report.text = reported_.text;
    // Without a reason of the plugin's: it passed on the status of a call that failed here.
    if (report.text.empty() && failure_) {
      report.text = failure_->message();
    } else if (http_failure_ && http_failure_->code == outcome) {
      report.text = report.text.empty() ? std::string_view(http_failure_->text) : report.text;
      report.retry_after_ms = std::max(report.retry_after_ms, http_failure_->retry_after_ms);
    }
    BL_CHECK(channel_.send(FrameType::error, encode(report)));
  }
  wire::Done done;
  done.status = static_cast<std::uint8_t>(outcome);
  done.peak_memory_kib = peak_memory_kib;
  done.was_short_of_memory = was_short_of_memory;
  return channel_.send(FrameType::done, encode(done));
}

}  // namespace baselined::worker
