// One run of a FakeHost: what its table of functions writes to. Internal to the testing library.
//
// What a plugin does is pending until its commit, which moves it into the result and into the host.
// Ownership: host and plugin must outlive the run.
// Threads: log, is_cancelled, now_us and info from any thread; the rest from the run's.
#pragma once

#include <baselined/plugin.h>
#include <baselined/testing/fake_host.h>

#include <atomic>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::sdk {

class FakeRun {
 public:
  FakeRun(FakeHost& host, const bl_plugin& plugin) : host_(host), plugin_(plugin) {}

  static const bl_host& table(bool with_extensions);
  bl_run* handle() { return reinterpret_cast<bl_run*>(this); }
  static FakeRun& of(bl_run* run) { return *reinterpret_cast<FakeRun*>(run); }

  void log(bl_level level, std::string_view text);
  void set_error(bl_status code, std::int64_t retry_after_ms, std::string_view text);
  bl_status emit(std::uint32_t stream, const bl_value* cells, std::uint32_t n_columns,
                 std::uint32_t n_rows);
  bl_status begin_scope(std::uint32_t stream, bl_str scope);
  bl_status remove(std::uint32_t stream, const bl_value* key_cells, std::uint32_t n_cells);
  bl_status coverage(std::uint32_t stream, bl_str scope, std::int64_t from_us, std::int64_t to_us,
                     bl_str reason);
  bl_status open_set_put(std::uint32_t stream, bl_str scope, const bl_str* keys,
                         std::uint64_t n_keys);
  bl_status open_set_get(std::uint32_t stream, bl_str scope, const bl_str** keys,
                         std::uint64_t* n_keys);
  bl_status cursor_get(bl_str key, bl_str* out);
  bl_status commit(bl_str key, bl_str cursor);
  bool is_cancelled();
  std::int64_t now_us() const;
  const bl_run_info& info() const { return host_.info_; }
  bl_status http_send(const bl_http_request* request, bl_http_response** out);
  void progress(std::uint64_t done, std::uint64_t total, std::string_view unit);

  // The result, when the plugin answered this status.
  RunResult finish(bl_status answered);

 private:
  using ScopeKey = std::tuple<std::string, std::string>;  // contract, scope
  // Rows and removals in the order of the calls, since the order decides what is left.
  struct Step {
    bool is_removal = false;
    Row row;
    std::string key;    // of the record, as JSON
    std::string scope;  // that was begun for its stream, or empty
  };

  // What every call that can fail does first: count, injected failure, cancellation, an older
  // failure. BL_OK: go on.
  bl_status enter();
  bl_status fail(bl_status status, const std::string& what);
  bl_status check_stream(std::uint32_t stream);
  bl_status check_text(bl_str text, std::string_view what);
  bl_status read_row(const bl_stream& stream, std::span<const bl_column* const> columns,
                     std::span<const bl_value> cells, Step& step);
  std::string contract_of(std::uint32_t stream) const;
  void apply(const Step& step);
  void end_scopes();
  // Failures of one request: the run may go on.
  bl_status http_fail(cassette::Failure failure);
  void add_validators(cassette::Request& request);

  FakeHost& host_;
  const bl_plugin& plugin_;
  RunResult result_;
  bl_status failure_ = BL_OK;
  std::string failure_text_;
  std::string reported_text_;
  cassette::Failure http_failure_ = {BL_OK, {}, 0};  // of the last request, where it failed
  std::atomic<bool> is_cancelled_ = false;
  std::mutex log_mutex_;

  std::vector<Step> pending_;
  std::vector<Coverage> pending_coverage_;
  std::map<std::uint32_t, std::string> scopes_;  // begun since the last commit, by stream
  std::map<ScopeKey, std::vector<std::string>> pending_open_sets_;
  std::map<std::string, FakeHost::Validator> pending_validators_;  // by target
  std::string cursor_;
  std::vector<std::string> open_set_;
  std::vector<bl_str> open_set_views_;
};

}  // namespace baselined::sdk
