#include "daemon/host/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/base/digest.h"
#include "daemon/base/utf8.h"
#include "daemon/host/on_writer.h"
#include "daemon/host/run_plan.h"
#include "daemon/wire/rows.h"

namespace baselined::host {
namespace {

namespace asio = boost::asio;
using wire::FrameType;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// A source that says "come back in ten years" does not stop a collector for ever.
constexpr std::int64_t kMaxRetryAfterMs = 7LL * 24 * 3600 * 1000;

// It comes with every later request: what is longer many servers refuse, and the run would fail for
// good.
constexpr std::size_t kMaxValidatorBytes = 1024;

records::HttpValidator validator_of(const wire::HttpResponse& response) {
  records::HttpValidator validator;
  for (const wire::HttpHeader& header : response.headers) {
    if (!is_utf8(header.value) || header.value.size() > kMaxValidatorBytes) {
      continue;
    }
    if (header.name == "etag") {
      validator.etag = header.value;
    } else if (header.name == "last-modified") {
      validator.last_modified = header.value;
    }
  }
  return validator;
}

}  // namespace

Session::Session(Parts parts)
    : parts_(std::move(parts)),
      deadline_(std::chrono::steady_clock::now() + parts_.request.collector.timeout) {}

void Session::abandon_request() {
  is_abandoned_ = true;
  if (outlet_) {
    outlet_->cancel();
  }
}

std::set<std::string> Session::limits_hit() const {
  std::set<std::string> hit;
  for (const std::string& limit : {limit_hit_, outlet_ ? outlet_->limit_hit() : std::string()}) {
    if (!limit.empty()) {
      hit.insert(limit);
    }
  }
  return hit;
}

void Session::violate(std::string_view what) {
  is_violated_ = true;
  if (failure_) {
    return;
  }
  failure_ = Error(Error::Code::internal,
                   fmt::format("plugin {}: protocol violation: {}",
                               parts_.request.collector.manifest.id, clean_text(what)));
}

Session::Task Session::refuse(Error error) {
  wire::Refused refused;
  refused.code = static_cast<std::uint8_t>(error.code());
  refused.text = error.message();
  std::string payload = wire::encode(refused);
  failure_ = std::move(error);
  co_await parts_.channel.send(FrameType::refused, std::move(payload));
}

Session::Task Session::talk() {
  while (!failure_ && !farewell_) {
    Result<std::optional<Frame>> next = co_await parts_.channel.read();
    if (!next) {
      violate(next.error().message());
      co_return;
    }
    if (!next->has_value()) {
      co_return;
    }
    const Frame frame = **next;
    co_await handle(frame);
  }
}

Session::Task Session::listen_to_the_end() {
  while (!farewell_) {
    Result<std::optional<Frame>> next = co_await parts_.channel.read();
    if (!next || !next->has_value()) {
      co_return;
    }
    const Frame frame = **next;
    if (frame.type == FrameType::done) {
      on_done(frame.payload);
    } else if (frame.type == FrameType::log) {
      on_log(frame.payload);
    }
  }
}

Session::Task Session::handle(Frame frame) {
  bytes_ += wire::kHeaderBytes + frame.payload.size();
  if (has_hello_ == (frame.type == FrameType::hello)) {
    violate("hello is the first frame, and only the first");
    co_return;
  }
  if (Status capped = check_caps(); !capped) {
    Error error = std::move(capped).error();
    co_await refuse(std::move(error));
    co_return;
  }
  switch (frame.type) {
    case FrameType::hello:
      co_await on_hello(frame.payload);
      break;
    case FrameType::rows:
    case FrameType::remove:
    case FrameType::begin_scope:
    case FrameType::coverage:
    case FrameType::open_set_put:
      co_await on_staged(frame);
      break;
    case FrameType::cursor_get:
      co_await on_cursor_get(frame.payload);
      break;
    case FrameType::open_set_get:
      co_await on_open_set_get(frame.payload);
      break;
    case FrameType::commit:
      co_await on_commit(frame.payload);
      break;
    case FrameType::http:
      co_await on_http(frame.payload);
      break;
    case FrameType::log:
      on_log(frame.payload);
      break;
    case FrameType::progress:
      on_progress(frame.payload);
      break;
    case FrameType::error:
      on_error(frame.payload);
      break;
    case FrameType::done:
      on_done(frame.payload);
      break;
    default:
      violate("a frame that only the daemon sends");
  }
}

Status Session::check_hello(const wire::Hello& hello) const {
  const config::PluginManifest& manifest = parts_.request.collector.manifest;
  if (hello.build_id != wire::build_id()) {
    return Error(Error::Code::unsupported,
                 fmt::format("{} is of another build than the daemon: restart the daemon after "
                             "the upgrade",
                             parts_.options.plugins->worker().string()));
  }
  // Another version may have other streams than those that were checked.
  if (hello.plugin_id != manifest.id || hello.plugin_version != manifest.version) {
    return Error(
        Error::Code::config,
        fmt::format("{} is now plugin {} {}, it was {} {} when the configuration was "
                    "read: reload the daemon",
                    parts_.request.collector.plugin_file.string(), clean_text(hello.plugin_id, 64),
                    clean_text(hello.plugin_version, 64), manifest.id, manifest.version));
  }
  if (hello.manifest != manifest.fingerprint) {
    return Error(
        Error::Code::config,
        fmt::format("{} is another {} {} than when the configuration was read, with other "
                    "streams or options: reload the daemon",
                    parts_.request.collector.plugin_file.string(), manifest.id, manifest.version));
  }
  return {};
}

std::string Session::start_payload() const {
  const RunRequest& request = parts_.request;
  const UtcTime now = request.frozen_now.value_or(
      std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now()));
  const std::string options = json::serialize(request.collector.options);
  wire::Start start;
  start.options = options;
  start.mode = request.mode;
  start.window_begin_us = request.window_begin_us;
  start.window_end_us = request.window_end_us;
  start.deadline_us = to_us(now + request.collector.timeout);
  start.frozen_now_us = request.frozen_now ? to_us(*request.frozen_now) : 0;
  return wire::encode(start);
}

Session::Task Session::on_hello(std::string_view payload) {
  has_hello_ = true;
  const Result<wire::Hello> hello = wire::decode_hello(payload);
  if (!hello) {
    violate(hello.error().message());
    co_return;
  }
  confinement_ = hello->confinement;
  Status checked = check_hello(*hello);
  std::string start = start_payload();
  if (checked && start.size() > wire::kMaxPayloadBytes) {
    checked = Error(Error::Code::config, "the options of the collector are larger than 1 MiB");
  }
  if (!checked) {
    Error error = std::move(checked).error();
    co_await refuse(std::move(error));
    co_return;
  }
  co_await parts_.channel.send(FrameType::start, std::move(start));
}

// Stream and number of columns are checked at once; cells are decoded by the recorder.
Status Session::check_rows(Frame frame) {
  BL_TRY(const wire::RowsReader reader, wire::RowsReader::open(frame.payload));
  const auto& streams = parts_.request.collector.manifest.streams;
  if (reader.stream() >= streams.size()) {
    return Error(Error::Code::internal, fmt::format("there is no stream {}", reader.stream()));
  }
  const config::ManifestStream& stream = streams[reader.stream()];
  auto columns = stream.columns.size();
  if (frame.type == FrameType::remove) {
    columns = static_cast<std::size_t>(
        std::count_if(stream.columns.begin(), stream.columns.end(),
                      [](const config::ManifestColumn& column) { return column.key; }));
  }
  if (reader.columns() != columns) {
    return Error(Error::Code::internal, fmt::format("stream {} has {} columns here, not {}",
                                                    stream.name, columns, reader.columns()));
  }
  rows_ += reader.rows();
  uncommitted_rows_ += reader.rows();
  return {};
}

Status Session::check_caps() {
  const config::Collector& collector = parts_.request.collector;
  if (rows_ > collector.limits.rows) {
    limit_hit_ = "rows";
    return over_limit(collector, fmt::format("emitted more than {} rows", collector.limits.rows),
                      "rows");
  }
  if (bytes_ > collector.limits.data_mib << 20U) {
    limit_hit_ = "data";
    return over_limit(collector, fmt::format("emitted more than {} MiB", collector.limits.data_mib),
                      "data_mib");
  }
  return {};
}

Session::Task Session::on_staged(Frame frame) {
  if (frame.type == FrameType::rows || frame.type == FrameType::remove) {
    if (const Status checked = check_rows(frame); !checked) {
      violate(checked.error().message());
      co_return;
    }
  }
  Status staged = check_caps();
  if (staged) {
    staged = parts_.staging.append(frame.type, frame.payload);
  }
  if (staged && parts_.staging.is_full()) {
    std::function<Status()> spill = [this] { return parts_.staging.spill(); };
    staged = co_await on_writer(parts_.writer, std::move(spill));
  }
  if (!staged) {
    Error error = std::move(staged).error();
    co_await refuse(std::move(error));
  }
}

Session::Task Session::on_cursor_get(std::string_view payload) {
  const Result<wire::CursorGet> message = wire::decode_cursor_get(payload);
  if (!message) {
    violate(message.error().message());
    co_return;
  }
  std::function<Result<std::string>()> read = [this, key = message->key] {
    return parts_.recorder.cursor(key);
  };
  Result<std::string> value = co_await on_writer(parts_.writer, std::move(read));
  if (!value) {
    Error error = std::move(value).error();
    co_await refuse(std::move(error));
    co_return;
  }
  wire::Cursor cursor;
  cursor.value = *value;
  std::string answer = wire::encode(cursor);
  co_await parts_.channel.send(FrameType::cursor, std::move(answer));
}

Session::Task Session::on_open_set_get(std::string_view payload) {
  const Result<wire::OpenSetGet> message = wire::decode_open_set_get(payload);
  if (!message || message->stream >= parts_.request.collector.manifest.streams.size()) {
    violate(message ? "an open set of no stream" : message.error().message());
    co_return;
  }
  using Payloads = Result<std::vector<std::string>>;
  std::function<Payloads()> read = [this, get = *message] {
    return parts_.recorder.open_set(get.stream, get.scope);
  };
  Payloads chunks = co_await on_writer(parts_.writer, std::move(read));
  if (!chunks) {
    Error error = std::move(chunks).error();
    co_await refuse(std::move(error));
    co_return;
  }
  for (std::string& chunk : *chunks) {
    const bool is_sent = co_await parts_.channel.send(FrameType::open_set, std::move(chunk));
    if (!is_sent) {
      co_return;
    }
  }
}

// Only what the plugin asked for, was granted and has a connection for.
Status Session::open_outlet() {
  const config::Collector& collector = parts_.request.collector;
  if (collector.connection.empty() || parts_.options.egress == nullptr) {
    return Error(
        Error::Code::config,
        fmt::format("collector {} has no connection to send requests over: its plugin {} "
                    "must ask for the capability http, and the collector name a connection",
                    collector.name, collector.manifest.id));
  }
  wire::OutletRequest request;
  request.collector = collector.name;
  request.connection = collector.connection;
  request.deadline = deadline_;
  request.max_requests = collector.limits.requests;
  request.max_bytes = collector.limits.response_mib << 20U;
  BL_TRY(outlet_, parts_.options.egress->open(std::move(request)));
  return {};
}

asio::awaitable<wire::HttpAnswer> Session::exchange(wire::HttpRequest request) {
  Status ready;
  if (is_abandoned_) {
    ready = Error(Error::Code::cancelled, "cancelled");
  } else if (outlet_ == nullptr) {
    ready = open_outlet();
  }
  if (!ready) {
    wire::HttpAnswer none{std::move(ready).error()};
    co_return std::move(none);
  }
  struct Waiting {
    explicit Waiting(const asio::any_io_executor& home) : answered(home, SteadyTime::max()) {}
    asio::steady_timer answered;  // never expires: cancelled when there is an answer
    std::optional<wire::HttpAnswer> answer;
  };
  const asio::any_io_executor home = co_await asio::this_coro::executor;
  const auto waiting = std::make_shared<Waiting>(home);
  outlet_->send(std::move(request), [waiting, home](wire::HttpAnswer answer) {
    asio::post(home, [waiting, answer = std::move(answer)]() mutable {
      waiting->answer = std::move(answer);
      waiting->answered.cancel();
    });
  });
  while (!waiting->answer) {
    co_await waiting->answered.async_wait(kAwait);
  }
  co_return *std::move(waiting->answer);
}

// That nothing changed says nothing where the source has moved, or where the plugin or its options
// are others: they may make other rows of the same answer.
std::string Session::validator_key(const std::string& target) const {
  const config::Collector& collector = parts_.request.collector;
  return fmt::format(
      "{} {}", target,
      to_hex(sha256(fmt::format("{} {} {}", collector.base_url, collector.manifest.fingerprint,
                                json::serialize(collector.options)))));
}

// A run that reads everything again asks for everything.
asio::awaitable<Result<records::HttpValidator>> Session::known_validator(std::string target) {
  if (parts_.request.mode != wire::RunMode::incremental) {
    co_return records::HttpValidator();
  }
  std::function<Result<records::HttpValidator>()> read = [this, key = validator_key(target)] {
    return parts_.recorder.validator(key);
  };
  co_return co_await on_writer(parts_.writer, std::move(read));
}

Session::Task Session::on_http(std::string_view payload) {
  const Result<wire::Http> message = wire::decode_http(payload);
  if (!message) {
    violate(message.error().message());
    co_return;
  }
  wire::HttpRequest request;
  request.method = message->method;
  request.target = message->target;
  request.body = message->body.data;
  request.timeout = std::chrono::milliseconds(message->timeout_ms);
  for (std::size_t at = 0; at < message->headers.size(); at += 2) {
    request.headers.push_back(
        {std::string(message->headers[at]), std::string(message->headers[at + 1])});
  }
  const std::string method = request.method;
  const std::string target = request.target;
  const bool is_conditional = message->is_conditional && method == "GET";
  if (is_conditional) {
    Result<records::HttpValidator> known = co_await known_validator(target);
    if (!known) {
      Error error = std::move(known).error();
      co_await refuse(std::move(error));
      co_return;
    }
    request.etag = std::move(known->etag);
    request.last_modified = std::move(known->last_modified);
  }
  const bool asks_for_changes = !request.etag.empty() || !request.last_modified.empty();
  wire::HttpAnswer answer = co_await exchange(std::move(request));
  if (answer.response && answer.response->status == 304 && !asks_for_changes) {
    // A plugin that believed it would call what it never read complete.
    answer.response =
        Error(Error::Code::data,
              fmt::format("connection {}: {} {}: HTTP 304, which says that nothing changed, to a "
                          "request that did not ask",
                          parts_.request.collector.connection, method,
                          target.substr(0, target.find('?'))));
  }
  if (answer.response) {
    wire::HttpResponse response = *std::move(answer.response);
    if (is_conditional && response.status == 200) {
      validators_[validator_key(target)] = validator_of(response);
    }
    co_await send_answer(std::move(response));
    co_return;
  }
  wire::HttpHead failed;
  failed.code = static_cast<std::uint8_t>(answer.response.error().code());
  failed.retry_after_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(answer.retry_after).count();
  failed.text = answer.response.error().message();
  std::string head = wire::encode(failed);
  co_await parts_.channel.send(FrameType::http_head, std::move(head));
}

Session::Task Session::send_answer(wire::HttpResponse response) {
  wire::HttpHead message;
  message.status = static_cast<std::uint16_t>(response.status);
  for (wire::HttpHeader& header : response.headers) {
    header.value = clean_utf8(header.value);
    message.headers.insert(message.headers.end(), {header.name, header.value});
  }
  std::string head = wire::encode(message);
  bool is_sent = co_await parts_.channel.send(FrameType::http_head, std::move(head));
  std::string_view rest = response.body;
  bool is_complete = false;
  while (is_sent && !is_complete) {
    wire::HttpBody chunk;
    chunk.bytes.data = rest.substr(0, wire::kHttpChunkBytes);
    rest.remove_prefix(chunk.bytes.data.size());
    is_complete = rest.empty();
    chunk.last = is_complete;
    std::string body = wire::encode(chunk);
    is_sent = co_await parts_.channel.send(FrameType::http_body, std::move(body));
  }
}

Session::Task Session::on_commit(std::string_view payload) {
  const Result<wire::Commit> message = wire::decode_commit(payload);
  if (!message) {
    violate(message.error().message());
    co_return;
  }
  using Outcome = Result<records::CountsByContract>;
  std::function<Outcome()> store = [this, commit = *message] {
    return parts_.recorder.commit(parts_.staging, commit.key, commit.cursor, validators_,
                                  parts_.is_abandoned);
  };
  Outcome counts = co_await on_writer(parts_.writer, std::move(store));
  if (!counts && parts_.is_abandoned) {
    co_return;  // killed while its rows were being stored: not a failure of the store
  }
  if (!counts) {
    Error error = std::move(counts).error();
    co_await refuse(std::move(error));
    co_return;
  }
  for (const auto& [contract, added] : *counts) {
    counts_[contract] += added;
  }
  uncommitted_rows_ = 0;
  validators_.clear();
  std::string nothing;
  co_await parts_.channel.send(FrameType::committed, std::move(nothing));
}

void Session::on_log(std::string_view payload) {
  const Result<wire::Log> message = wire::decode_log(payload);
  if (!message) {
    violate(message.error().message());
    return;
  }
  const log::Level level = level_of(message->level);
  if (level == log::Level::warn && n_warnings_++ == 0) {
    first_warning_ = clean_text(message->text);
  }
  parts_.log.line(level, message->text);
}

std::string Session::warnings() const {
  return n_warnings_ < 2 ? first_warning_
                         : fmt::format("{} (and {} more)", first_warning_, n_warnings_ - 1);
}

void Session::on_progress(std::string_view payload) {
  const Result<wire::Progress> message = wire::decode_progress(payload);
  if (!message) {
    violate(message.error().message());
    return;
  }
  if (parts_.on_progress) {
    parts_.on_progress({message->done, message->total, clean_text(message->unit, 64)});
  }
}

void Session::on_error(std::string_view payload) {
  const Result<wire::ErrorReport> message = wire::decode_error(payload);
  if (!message) {
    violate(message.error().message());
    return;
  }
  reported_ = Error(static_cast<Error::Code>(message->code),
                    fmt::format("plugin {}: {}", parts_.request.collector.manifest.id,
                                clean_text(message->text)));
  retry_after_ = std::chrono::milliseconds(
      std::clamp(message->retry_after_ms, std::int64_t{0}, kMaxRetryAfterMs));
}

void Session::on_done(std::string_view payload) {
  const Result<wire::Done> message = wire::decode_done(payload);
  if (!message) {
    violate(message.error().message());
    return;
  }
  Farewell farewell;
  farewell.peak_memory_kib = message->peak_memory_kib;
  farewell.was_short_of_memory = message->was_short_of_memory;
  farewell.failure = reported_;
  farewell.retry_after = retry_after_;
  if (!farewell.failure && message->status != 0) {
    farewell.failure = Error(
        static_cast<Error::Code>(message->status),
        fmt::format("plugin {} failed and gave no reason", parts_.request.collector.manifest.id));
  }
  farewell_ = std::move(farewell);
}

}  // namespace baselined::host
