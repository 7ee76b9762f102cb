// baselined/plugin.hpp - the C++20 face of baselined/plugin.h, header-only.
//
// A plugin is one class (see the concept Collector), a description and its streams:
//
//   constexpr bl_column kColumns[] = {
//       baselined::column("repository", BL_TEXT, BL_COL_KEY | BL_COL_REQUIRED),
//       baselined::column("committed_at", BL_TIME)};
//   constexpr bl_stream kStreams[] = {baselined::stream("commits", "commit/1", kColumns)};
//   constexpr baselined::About kAbout{.id = "org.example.git", .version = "1.0.0",
//                                     .summary = "...", .config_schema = R"({"type":"object"})"};
//   BL_PLUGIN(Git, kAbout, kStreams)
//
// Ownership: what a Run gets by view or Value is copied by the host before the call returns; what a
// Run returns is owned by the caller. A Run lives as long as the call that it was passed to.
// Threads: see the marks in plugin.h. Everything of Run is [run], but log, cancelled and now.
// Errors: a host call that fails throws Failure. Nothing thrown leaves the plugin: detail::guard.
// The header holds no state and may change between releases: it is compiled into the plugin.
#pragma once

#include <baselined/plugin.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace baselined {
inline namespace v0 {

constexpr bl_str to_str(std::string_view text) { return {text.data(), text.size()}; }
constexpr std::string_view to_view(bl_str text) {
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

// ---- description ---------------------------------------------------------------------------

constexpr bl_column column(std::string_view name, bl_type type, std::uint64_t flags = 0,
                           std::string_view description = {}) {
  return {to_str(name), to_str(description), type, {}, flags};
}

template <std::size_t Count>
constexpr bl_stream stream(std::string_view name, std::string_view contract,
                           const bl_column (&columns)[Count], std::string_view description = {}) {
  return {to_str(name),       to_str(contract), columns, static_cast<std::uint32_t>(Count), 0,
          to_str(description)};
}

struct About {
  std::string_view id;
  std::string_view version;
  std::string_view summary;
  std::string_view config_schema = R"({"type":"object"})";
  std::uint32_t capabilities = 0;  // BL_CAP_*
};

// ---- failure -------------------------------------------------------------------------------

// Ends the run. The message is for an administrator: what, which object, what to do; no secrets, no
// persons. Without a message the one that the host has already stays.
class Failure : public std::runtime_error {
 public:
  explicit Failure(bl_status status, const std::string& message = {},
                   std::chrono::milliseconds retry_after = {})
      : std::runtime_error(message), status_(status), retry_after_(retry_after) {}

  bl_status status() const noexcept { return status_; }
  std::chrono::milliseconds retry_after() const noexcept { return retry_after_; }

 private:
  bl_status status_;
  std::chrono::milliseconds retry_after_;
};

// An answer over HTTP that is no success. A plugin that can go on, after a 404 of one project say,
// catches it and looks at the status.
class HttpFailure : public Failure {
 public:
  HttpFailure(bl_status status, const std::string& message, int http_status)
      : Failure(status, message), http_status_(http_status) {}

  int http_status() const noexcept { return http_status_; }

 private:
  int http_status_;
};

// ---- values --------------------------------------------------------------------------------

struct Time {
  std::int64_t us = 0;  // microseconds since 1970, UTC
  friend constexpr auto operator<=>(Time, Time) = default;
};
struct Decimal {
  std::string_view text;  // canonical "-?[0-9]+(.[0-9]+)?"
};
struct Bytes {
  std::string_view data;
};

// One cell. Text is borrowed: keep it alive until the call that gets the value returns.
class Value {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a row is written as {text, 1, true, nullptr}.
  constexpr Value() : cell_(empty(BL_NULL)) {}
  constexpr Value(std::nullptr_t) : Value() {}
  constexpr Value(std::nullopt_t) : Value() {}
  // Exactly bool: a pointer is no truth value.
  template <std::same_as<bool> Bool>
  constexpr Value(Bool value) : cell_(number(BL_BOOL, value ? 1 : 0)) {}
  // Unsigned 64-bit numbers are refused: cast them where you know that they fit.
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool> &&
           (sizeof(Integer) < sizeof(std::int64_t) ||
            std::signed_integral<Integer>)) constexpr Value(Integer value)
      : cell_(number(BL_INT, value)) {}
  // Exactly double or float: an integer that does not fit above shall not become one silently.
  template <std::floating_point Real>
  requires(sizeof(Real) <= sizeof(double)) constexpr Value(Real value) : cell_(empty(BL_FLOAT)) {
    cell_.u.f = value;
  }
  constexpr Value(Time value) : cell_(number(BL_TIME, value.us)) {}
  constexpr Value(std::string_view value) : cell_(text(BL_TEXT, value)) {}
  constexpr Value(const char* value) : cell_(text(BL_TEXT, value)) {}
  Value(const std::string& value) : cell_(text(BL_TEXT, value)) {}
  constexpr Value(Decimal value) : cell_(text(BL_DECIMAL, value.text)) {}
  constexpr Value(Bytes value) : cell_(text(BL_BYTES, value.data)) {}
  // Text inside the optional is borrowed too.
  template <class T>
  requires std::constructible_from<Value, const T&>
  constexpr Value(const std::optional<T>& value) : Value() {
    if (value.has_value()) {
      *this = Value(*value);
    }
  }
  // NOLINTEND(google-explicit-constructor)

  constexpr const bl_value& cell() const { return cell_; }

 private:
  static constexpr bl_value empty(bl_type type) { return {type, 0, 0, 0, {0}}; }
  static constexpr bl_value number(bl_type type, std::int64_t value) {
    return {type, 0, 0, 0, {value}};
  }
  static constexpr bl_value text(bl_type type, std::string_view value) {
    if (value.size() > UINT32_MAX) {
      throw Failure(BL_ERR_LIMIT, "a value of 4 GiB or more");
    }
    bl_value cell = empty(type);
    cell.len = static_cast<std::uint32_t>(value.size());
    cell.u.text = value.data();
    return cell;
  }

  bl_value cell_;
};
static_assert(sizeof(Value) == sizeof(bl_value) && std::is_standard_layout_v<Value>);

// ---- HTTP ----------------------------------------------------------------------------------

struct Header {
  std::string_view name;
  std::string_view value;
};

// What is asked of the host. Everything is borrowed until send() returns.
struct Request {
  std::string_view method = "GET";
  std::string_view url;  // path and query below the connection's base URL
  std::span<const Header> headers = {};
  std::string_view body = {};
  std::chrono::milliseconds timeout = {};  // of one attempt; 0: the connection's
  bool conditional = false;                // see BL_HTTP_CONDITIONAL
};

// A complete answer. Views end with the Response.
class Response {
 public:
  Response(const bl_http* http, bl_http_response* handle) : handle_(handle, {http}) {}

  int status() const { return http().status(handle_.get()); }
  bool is_success() const { return status() >= 200 && status() < 300; }
  bool is_unchanged() const { return status() == 304; }
  std::string_view body() const { return to_view(http().body(handle_.get())); }
  // Empty when there is none.
  std::string_view header(std::string_view name) const {
    return to_view(http().header(handle_.get(), to_str(name)));
  }

 private:
  struct Release {
    const bl_http* http;
    void operator()(bl_http_response* handle) const { http->release(handle); }
  };
  const bl_http& http() const { return *handle_.get_deleter().http; }

  std::unique_ptr<bl_http_response, Release> handle_;
};

// ---- a run ---------------------------------------------------------------------------------

struct Window {
  Time begin;
  Time end;
};

class Run {
 public:
  Run(const bl_host* host, bl_run* run) : host_(host), run_(run) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void log(bl_level level, std::string_view message) { host_->log(run_, level, to_str(message)); }
  void debug(std::string_view message) { log(BL_DEBUG, message); }
  void info(std::string_view message) { log(BL_INFO, message); }
  void warn(std::string_view message) { log(BL_WARN, message); }

  bool cancelled() const { return host_->is_cancelled(run_) != 0; }
  // Throws Failure(BL_ERR_CANCELLED) when the run shall stop: one line for a loop.
  void stop_if_cancelled() const { check(cancelled() ? BL_ERR_CANCELLED : BL_OK); }
  Time now() const { return {host_->now_us(run_)}; }

  const bl_run_info& run_info() const { return *host_->info(run_); }
  std::uint32_t mode() const { return run_info().mode; }  // BL_RUN_*
  bool is_probe() const { return mode() == BL_RUN_PROBE; }
  Window window() const { return {{run_info().window_begin_us}, {run_info().window_end_us}}; }

  // One row: the columns of the stream in declared order. The host buffers; one call per row is
  // cheap.
  void emit(std::uint32_t stream, std::initializer_list<Value> row) {
    emit(stream, std::span<const Value>(row.begin(), row.size()));
  }
  void emit(std::uint32_t stream, std::span<const Value> row) {
    emit_rows(stream, row, static_cast<std::uint32_t>(row.size()));
  }
  // Many rows at once, row after row: cells.size() is a multiple of n_columns.
  void emit_rows(std::uint32_t stream, std::span<const Value> cells, std::uint32_t n_columns) {
    if (n_columns == 0 || cells.size() % n_columns != 0 || cells.size() / n_columns > UINT32_MAX) {
      throw Failure(BL_ERR_INTERNAL, "emit_rows: the cells are not whole rows");
    }
    check(host_->emit(run_, stream, first_cell(cells), n_columns,
                      static_cast<std::uint32_t>(cells.size() / n_columns)));
  }

  void remove(std::uint32_t stream, std::initializer_list<Value> key) {
    remove(stream, std::span<const Value>(key.begin(), key.size()));
  }
  void remove(std::uint32_t stream, std::span<const Value> key) {
    check(host_->remove(run_, stream, first_cell(key), static_cast<std::uint32_t>(key.size())));
  }

  void begin_scope(std::uint32_t stream, std::string_view scope) {
    check(host_->begin_scope(run_, stream, to_str(scope)));
  }
  // Complete for [from, to): no reason. Otherwise why not.
  void coverage(std::uint32_t stream, std::string_view scope, Time from, Time to,
                std::string_view reason = {}) {
    check(host_->coverage(run_, stream, to_str(scope), from.us, to.us, to_str(reason)));
  }

  template <std::ranges::input_range Keys>
  requires std::convertible_to<std::ranges::range_reference_t<Keys>, std::string_view>
  void open_set_put(std::uint32_t stream, std::string_view scope, const Keys& keys) {
    std::vector<bl_str> views;
    for (const auto& key : keys) {
      views.push_back(to_str(key));
    }
    check(host_->open_set_put(run_, stream, to_str(scope), views.data(), views.size()));
  }
  std::vector<std::string> open_set_get(std::uint32_t stream, std::string_view scope) {
    const bl_str* keys = nullptr;
    std::uint64_t n_keys = 0;
    check(host_->open_set_get(run_, stream, to_str(scope), &keys, &n_keys));
    std::vector<std::string> owned;
    owned.reserve(n_keys);
    for (const bl_str& key : std::span<const bl_str>(keys, n_keys)) {
      owned.emplace_back(to_view(key));
    }
    return owned;
  }

  // Empty when there is none.
  std::string cursor(std::string_view key) {
    bl_str value{nullptr, 0};
    check(host_->cursor_get(run_, to_str(key), &value));
    return std::string(to_view(value));
  }
  // The barrier: durable when it returns.
  void commit(std::string_view key, std::string_view cursor) {
    check(host_->commit(run_, to_str(key), to_str(cursor)));
  }

  // Does nothing when the host does not show progress. total 0: unknown.
  void progress(std::uint64_t done, std::uint64_t total, std::string_view unit) {
    if (progress_ == nullptr) {
      progress_ = static_cast<const bl_progress*>(host_->get_extension(BL_EXT_PROGRESS));
      if (progress_ == nullptr) {
        return;
      }
    }
    progress_->progress(run_, done, total, to_str(unit));
  }

  // The answer, whatever its status; throws where there is none (see bl_http.send).
  Response send(const Request& request) {
    if (http_ == nullptr) {
      http_ = static_cast<const bl_http*>(host_->get_extension(BL_EXT_HTTP));
      if (http_ == nullptr) {
        throw Failure(BL_ERR_UNSUPPORTED, "the host has no " BL_EXT_HTTP);
      }
    }
    std::vector<bl_header> headers;
    for (const Header& header : request.headers) {
      headers.push_back({to_str(header.name), to_str(header.value)});
    }
    bl_http_request raw{};
    raw.struct_size = sizeof(raw);
    raw.n_headers = static_cast<std::uint32_t>(headers.size());
    raw.method = to_str(request.method);
    raw.url = to_str(request.url);
    raw.headers = headers.data();
    raw.body = to_str(request.body);
    raw.timeout_ms = static_cast<std::uint32_t>(request.timeout.count());
    raw.flags = request.conditional ? BL_HTTP_CONDITIONAL : 0;
    bl_http_response* response = nullptr;
    check(http_->send(run_, &raw, &response));
    return {http_, response};
  }
  // Throws HttpFailure for an answer that is no success: an error page never looks like an empty
  // one. Where the answer itself matters a plugin uses send().
  Response get(std::string_view url) {
    Request request;
    request.url = url;
    return succeeded(send(request), request);
  }
  Response post(std::string_view url, std::string_view body,
                std::string_view content_type = "application/json") {
    const Header headers[] = {{"Content-Type", content_type}};
    Request request;
    request.method = "POST";
    request.url = url;
    request.headers = headers;
    request.body = body;
    return succeeded(send(request), request);
  }
  // The response, or the Failure that its status stands for: a part (206) is no success where no
  // Range was asked for, and to a GET neither is 202: the source computes still what was asked for,
  // and its body looks empty until it has it. The query is not repeated: it may hold what a log
  // must not.
  static Response succeeded(Response response, const Request& request) {
    const int status = response.status();
    const bool is_not_ready = status == 202 && request.method == "GET";
    if (response.is_success() && !is_not_ready && (status != 206 || asks_for_part(request))) {
      return response;
    }
    std::string message = std::string(request.method) + " " +
                          std::string(request.url.substr(0, request.url.find('?'))) + ": HTTP " +
                          std::to_string(status);
    if (is_not_ready) {
      throw HttpFailure(BL_ERR_TRANSIENT, message + ": the source has the answer not ready yet",
                        status);
    }
    throw HttpFailure(status == 403 ? BL_ERR_AUTH : BL_ERR_DATA, message, status);
  }

  // For what this class does not wrap.
  const bl_host& host() const { return *host_; }
  bl_run* handle() const { return run_; }

 private:
  static bool asks_for_part(const Request& request) {
    return std::ranges::any_of(request.headers, [](const Header& header) {
      constexpr std::string_view kRange = "range";
      return std::ranges::equal(header.name, kRange,
                                [](char a, char b) { return a == b || a == b - ('a' - 'A'); });
    });
  }
  // Value is standard layout with one bl_value: an array of one is an array of the other.
  static const bl_value* first_cell(std::span<const Value> cells) {
    return reinterpret_cast<const bl_value*>(cells.data());
  }
  static void check(bl_status status) {
    if (status != BL_OK) {
      throw Failure(status);
    }
  }

  const bl_host* host_;
  bl_run* run_;
  const bl_progress* progress_ = nullptr;
  const bl_http* http_ = nullptr;
};

// Construction checks and keeps the options (JSON that satisfies the schema), without I/O.
// collect() reads the source.
template <class T>
concept Collector = std::constructible_from<T, std::string_view, Run&> &&
    requires(T& collector, Run& run) {
  collector.collect(run);
};

// ---- the boundary --------------------------------------------------------------------------

namespace detail {

// The single barrier: what a plugin throws becomes a status here.
template <class Body>
bl_status guard(const bl_host* host, bl_run* run, bl_status otherwise, const Body& body) noexcept {
  const auto failed = [&](bl_status status, std::int64_t retry_after_ms, std::string_view what) {
    host->set_error(run, status, retry_after_ms, to_str(what));
    return status;
  };
  try {
    body();
    return BL_OK;
  } catch (const Failure& failure) {
    if (failure.status() < BL_ERR_CONFIG || failure.status() > BL_ERR_LIMIT) {
      return failed(BL_ERR_INTERNAL, 0, "the plugin failed with a status that does not exist");
    }
    const std::string_view message = failure.what();
    return message.empty() ? failure.status()
                           : failed(failure.status(), failure.retry_after().count(), message);
  } catch (const std::bad_alloc&) {
    return failed(BL_ERR_LIMIT, 0, "out of memory");
  } catch (const std::exception& failure) {
    return failed(otherwise, 0, failure.what());
  } catch (...) {
    return failed(otherwise, 0, "the plugin threw something that is no std::exception");
  }
}

template <Collector T>
bl_status create(const bl_host* host, bl_run* run, bl_str config, bl_instance** out) noexcept {
  *out = nullptr;
  return guard(host, run, BL_ERR_CONFIG, [&] {
    Run view(host, run);
    *out = reinterpret_cast<bl_instance*>(std::make_unique<T>(to_view(config), view).release());
  });
}

template <Collector T>
bl_status collect(bl_instance* self, const bl_host* host, bl_run* run) noexcept {
  return guard(host, run, BL_ERR_DATA, [&] {
    Run view(host, run);
    reinterpret_cast<T*>(self)->collect(view);
  });
}

template <Collector T>
void destroy(bl_instance* self) noexcept {
  std::unique_ptr<T>(reinterpret_cast<T*>(self)).reset();
}

inline const void* no_extension(const char* /*id*/) noexcept { return nullptr; }

template <Collector T, std::size_t Count>
constexpr bl_plugin describe(const About& about, const bl_stream (&streams)[Count]) {
  return {.struct_size = sizeof(bl_plugin),
          .abi_major = BL_ABI_MAJOR,
          .abi_minor = BL_TARGET_MINOR,
          .id = to_str(about.id),
          .version = to_str(about.version),
          .summary = to_str(about.summary),
          .config_schema = to_str(about.config_schema),
          .streams = streams,
          .n_streams = static_cast<std::uint32_t>(Count),
          .capabilities = about.capabilities,
          .create = &create<T>,
          .collect = &collect<T>,
          .destroy = &destroy<T>,
          .get_extension = &no_extension};
}

constexpr const bl_plugin* accept(const bl_plugin& plugin, std::uint32_t host_minor) {
  return host_minor < plugin.abi_minor ? nullptr : &plugin;
}

}  // namespace detail
}  // namespace v0
}  // namespace baselined

// Defines the entry symbol. Type satisfies Collector; about and streams are constexpr.
#define BL_PLUGIN(Type, about, streams)                                                       \
  extern "C" BL_EXPORT const bl_plugin* bl_plugin_main_v0(std::uint32_t host_minor) {         \
    static constexpr bl_plugin kPlugin = ::baselined::detail::describe<Type>(about, streams); \
    return ::baselined::detail::accept(kPlugin, host_minor);                                  \
  }
