// One run as the host that a plugin sees, over the channel to the daemon.
//
// Rows are buffered per stream and sent when there are enough of them or when order matters: before
// a removal, a scope, coverage, an open set and a commit. The first failure (the daemon refuses,
// the plugin lies) stays: every later call answers it again, so that nothing is committed on top of
// rows that were not accepted.
// Ownership: channel, plugin and page must outlive the session.
// Threads: log, is_cancelled, now_us, info from any thread; the rest from the one that made it.
// Errors: calls of the plugin answer a bl_status and never throw; see guarded().
#pragma once

#include <baselined/plugin.h>

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/wire/messages.h"
#include "daemon/wire/rows.h"
#include "daemon/worker/cancel_page.h"
#include "daemon/worker/channel.h"
#include "daemon/worker/log_queue.h"

namespace baselined::worker {

class RunSession {
 public:
  RunSession(Channel& channel, const bl_plugin& plugin, const wire::Start& start,
             const CancelPage& page);
  RunSession(const RunSession&) = delete;
  RunSession& operator=(const RunSession&) = delete;

  bl_run* handle() { return reinterpret_cast<bl_run*>(this); }
  static RunSession& of(bl_run* run) { return *reinterpret_cast<RunSession*>(run); }

  // The slots of bl_host and of the extensions, with the same meaning.
  void log(bl_level level, std::string_view text) noexcept;
  void set_error(bl_status code, std::int64_t retry_after_ms, std::string_view text) noexcept;
  bl_status emit(std::uint32_t stream, const bl_value* cells, std::uint32_t n_columns,
                 std::uint32_t n_rows) noexcept;
  bl_status begin_scope(std::uint32_t stream, bl_str scope) noexcept;
  bl_status remove(std::uint32_t stream, const bl_value* key_cells, std::uint32_t n_cells) noexcept;
  bl_status coverage(std::uint32_t stream, bl_str scope, std::int64_t from_us, std::int64_t to_us,
                     bl_str reason) noexcept;
  bl_status open_set_put(std::uint32_t stream, bl_str scope, const bl_str* keys,
                         std::uint64_t n_keys) noexcept;
  bl_status open_set_get(std::uint32_t stream, bl_str scope, const bl_str** keys,
                         std::uint64_t* n_keys) noexcept;
  bl_status cursor_get(bl_str key, bl_str* out) noexcept;
  bl_status commit(bl_str key, bl_str cursor) noexcept;
  bl_status http_send(const bl_http_request* request, bl_http_response** out) noexcept;
  bool is_cancelled() const noexcept;
  std::int64_t now_us() const noexcept;
  const bl_run_info& info() const noexcept { return info_; }
  void progress(std::uint64_t done, std::uint64_t total, std::string_view unit) noexcept;

  // The status of the run, when the plugin answered this one: a failure of a call wins over OK.
  bl_status outcome(bl_status answered);
  // Sends what is left, then Error (for a failure) and Done. Errors: those of the channel.
  Status finish(bl_status outcome, std::uint64_t peak_memory_kib, bool was_short_of_memory);

 private:
  struct ReportedError {
    std::int64_t retry_after_ms = 0;
    std::string text;
  };
  // Not the end of the run: the plugin may go on without that answer.
  struct HttpFailure {
    bl_status code = BL_OK;
    std::int64_t retry_after_ms = 0;
    std::string text;
  };
  struct ProgressState {
    wire::Progress latest;  // its unit is `unit`
    std::string unit;
    bool is_unsent = false;
    SteadyTime sent_at{};
  };
  struct Stream {
    Stream(std::uint32_t number, const bl_stream& declared);

    std::string_view name;
    std::vector<const bl_column*> columns;
    std::vector<const bl_column*> key;
    wire::RowsWriter rows;
  };

  template <class Body>
  bl_status guarded(const Body& body) noexcept;
  bl_status fail(Error error) noexcept;
  bl_status status() const noexcept;
  Result<Stream*> find_stream(std::uint32_t stream);
  Status add_row(Stream& stream, std::span<const bl_value> values);
  Status send_rows(Stream& stream);
  Status flush_rows();
  Status send_logs();
  Status send_progress();
  Status send(wire::FrameType type, std::string_view payload);
  Status send_open_set(std::uint32_t stream, std::string_view scope, std::span<const bl_str> keys);
  Status read_http_answer(bl_status& answered, bl_http_response** out);
  Status read_open_set(std::uint32_t stream, std::string_view scope);

  Channel& channel_;
  const CancelPage& page_;
  const std::thread::id run_thread_ = std::this_thread::get_id();
  bl_run_info info_;
  std::int64_t frozen_now_us_;
  std::vector<Stream> streams_;
  std::vector<Cell> cells_;  // of the row at hand
  LogQueue logs_;
  ProgressState progress_;
  std::optional<Error> failure_;
  ReportedError reported_;
  std::optional<HttpFailure> http_failure_;  // of the last request, where it failed
  std::string cursor_;
  std::deque<std::string> open_set_payloads_;
  std::vector<bl_str> open_set_keys_;
};

}  // namespace baselined::worker
