// One list of fields per message serves both directions: fields() ties them in the order in which
// they are written, and the codec below knows how to put and read each type.
#include "daemon/wire/messages.h"

#include <tuple>
#include <type_traits>

#include "daemon/base/utf8.h"
#include "daemon/wire/cbor.h"

namespace baselined::wire {
namespace {

using cbor::Major;

template <class Message>
auto fields(Message& message) {
  using Plain = std::remove_const_t<Message>;
  auto& m = message;
  if constexpr (std::is_same_v<Plain, Hello>) {
    return std::tie(m.build_id, m.plugin_id, m.plugin_version, m.manifest, m.confinement.landlock,
                    m.confinement.seccomp);
  } else if constexpr (std::is_same_v<Plain, Start>) {
    return std::tie(m.options, m.mode, m.window_begin_us, m.window_end_us, m.deadline_us,
                    m.frozen_now_us);
  } else if constexpr (std::is_same_v<Plain, BeginScope> || std::is_same_v<Plain, OpenSetGet>) {
    return std::tie(m.stream, m.scope);
  } else if constexpr (std::is_same_v<Plain, Coverage>) {
    return std::tie(m.stream, m.scope, m.from_us, m.to_us, m.reason);
  } else if constexpr (std::is_same_v<Plain, OpenSet>) {
    return std::tie(m.stream, m.scope, m.last, m.keys);
  } else if constexpr (std::is_same_v<Plain, CursorGet>) {
    return std::tie(m.key);
  } else if constexpr (std::is_same_v<Plain, Cursor>) {
    return std::tie(m.value);
  } else if constexpr (std::is_same_v<Plain, Commit>) {
    return std::tie(m.key, m.cursor);
  } else if constexpr (std::is_same_v<Plain, Http>) {
    return std::tie(m.method, m.target, m.headers, m.body, m.timeout_ms, m.is_conditional);
  } else if constexpr (std::is_same_v<Plain, HttpHead>) {
    return std::tie(m.code, m.retry_after_ms, m.text, m.status, m.headers);
  } else if constexpr (std::is_same_v<Plain, HttpBody>) {
    return std::tie(m.last, m.bytes);
  } else if constexpr (std::is_same_v<Plain, Log>) {
    return std::tie(m.level, m.text);
  } else if constexpr (std::is_same_v<Plain, ErrorReport>) {
    return std::tie(m.code, m.retry_after_ms, m.text);
  } else if constexpr (std::is_same_v<Plain, Progress>) {
    return std::tie(m.done, m.total, m.unit);
  } else if constexpr (std::is_same_v<Plain, Done>) {
    return std::tie(m.status, m.peak_memory_kib, m.was_short_of_memory);
  } else {
    static_assert(std::is_same_v<Plain, Refused>);
    return std::tie(m.code, m.text);
  }
}

// ---- writing -------------------------------------------------------------------------------

template <class Put>
void append(std::string& out, const Put& put) {
  char head[cbor::kMaxHeadBytes];
  out.append(head, static_cast<std::size_t>(put(head) - head));
}

void write(std::string& out, std::string_view text) {
  append(out, [&](char* head) { return cbor::put_head(head, Major::text, text.size()); });
  out.append(text);
}
void write(std::string& out, Bytes bytes) {
  append(out, [&](char* head) { return cbor::put_head(head, Major::bytes, bytes.data.size()); });
  out.append(bytes.data);
}
template <class Number>
requires(std::is_integral_v<Number> && !std::is_same_v<Number, bool>) void write(std::string& out,
                                                                                 Number number) {
  append(out, [&](char* head) {
    if constexpr (std::is_signed_v<Number>) {
      return cbor::put_integer(head, number);
    } else {
      return cbor::put_head(head, Major::unsigned_integer, number);
    }
  });
}
void write(std::string& out, bool value) {
  out.push_back(static_cast<char>(value ? cbor::kTrue : cbor::kFalse));
}
void write(std::string& out, RunMode mode) { write(out, static_cast<std::uint8_t>(mode)); }
void write(std::string& out, const std::vector<std::string_view>& keys) {
  append(out, [&](char* head) { return cbor::put_head(head, Major::array, keys.size()); });
  for (const std::string_view key : keys) {
    write(out, key);
  }
}

template <class Message>
std::string encode_message(const Message& message) {
  std::string out;
  std::apply(
      [&out](const auto&... field) {
        append(out,
               [](char* head) { return cbor::put_head(head, Major::array, sizeof...(field)); });
        (write(out, field), ...);
      },
      fields(message));
  return out;
}

// ---- reading -------------------------------------------------------------------------------

bool read(cbor::Reader& reader, std::string_view& text) {
  return reader.read_text_of(Major::text, text) && is_utf8(text);
}
bool read(cbor::Reader& reader, Bytes& bytes) {
  return reader.read_text_of(Major::bytes, bytes.data);
}
bool read(cbor::Reader& reader, std::int64_t& number) { return reader.read_integer(number); }
template <class Number>
requires(std::is_unsigned_v<Number> &&
         !std::is_same_v<Number, bool>) bool read(cbor::Reader& reader, Number& number) {
  std::uint64_t wide = 0;
  if (!reader.read_head_of(Major::unsigned_integer, wide)) {
    return false;
  }
  number = static_cast<Number>(wide);
  return number == wide;
}
bool read(cbor::Reader& reader, bool& value) {
  std::uint8_t byte = 0;
  if (!reader.read_byte(byte)) {
    return false;
  }
  value = byte == cbor::kTrue;
  return byte == cbor::kTrue || byte == cbor::kFalse;
}
bool read(cbor::Reader& reader, RunMode& mode) {
  std::uint8_t number = 0;
  if (!read(reader, number) || number > static_cast<std::uint8_t>(RunMode::probe)) {
    return false;
  }
  mode = static_cast<RunMode>(number);
  return true;
}
bool read(cbor::Reader& reader, std::vector<std::string_view>& keys) {
  std::uint64_t count = 0;
  // A key takes at least one byte.
  if (!reader.read_head_of(Major::array, count) || count > reader.remaining()) {
    return false;
  }
  keys.resize(count);
  for (std::string_view& key : keys) {
    if (!read(reader, key)) {
      return false;
    }
  }
  return true;
}

template <class Message>
Result<Message> decode_message(std::string_view payload, std::string_view name) {
  cbor::Reader reader(payload);
  Message message;
  const bool is_exact = std::apply(
      [&reader](auto&... field) {
        std::uint64_t count = 0;
        return reader.read_head_of(Major::array, count) && count == sizeof...(field) &&
               (read(reader, field) && ...) && reader.at_end();
      },
      fields(message));
  if (!is_exact) {
    return Error(Error::Code::internal, "a frame that does not decode: " + std::string(name));
  }
  return message;
}

// A worker has those of the ABI, the daemon its own too.
constexpr std::uint8_t kMaxWorkerCode = static_cast<std::uint8_t>(Error::Code::limit);
constexpr std::uint8_t kMaxCode = static_cast<std::uint8_t>(Error::kLastCode);
constexpr std::uint8_t kMaxLevel = 3;

Error bad_code(std::string_view name) {
  return {Error::Code::internal, "a frame with a code that does not exist: " + std::string(name)};
}

}  // namespace

std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return hash;
}

std::string encode(const Hello& message) { return encode_message(message); }
std::string encode(const Start& message) { return encode_message(message); }
std::string encode(const BeginScope& message) { return encode_message(message); }
std::string encode(const Coverage& message) { return encode_message(message); }
std::string encode(const OpenSet& message) { return encode_message(message); }
std::string encode(const OpenSetGet& message) { return encode_message(message); }
std::string encode(const CursorGet& message) { return encode_message(message); }
std::string encode(const Cursor& message) { return encode_message(message); }
std::string encode(const Commit& message) { return encode_message(message); }
std::string encode(const Http& message) { return encode_message(message); }
std::string encode(const HttpHead& message) { return encode_message(message); }
std::string encode(const HttpBody& message) { return encode_message(message); }
std::string encode(const Log& message) { return encode_message(message); }
std::string encode(const ErrorReport& message) { return encode_message(message); }
std::string encode(const Progress& message) { return encode_message(message); }
std::string encode(const Done& message) { return encode_message(message); }
std::string encode(const Refused& message) { return encode_message(message); }

Result<Hello> decode_hello(std::string_view payload) {
  return decode_message<Hello>(payload, "hello");
}
Result<Start> decode_start(std::string_view payload) {
  return decode_message<Start>(payload, "start");
}
Result<BeginScope> decode_begin_scope(std::string_view payload) {
  return decode_message<BeginScope>(payload, "begin_scope");
}
Result<Coverage> decode_coverage(std::string_view payload) {
  return decode_message<Coverage>(payload, "coverage");
}
Result<OpenSet> decode_open_set(std::string_view payload) {
  return decode_message<OpenSet>(payload, "open_set");
}
Result<OpenSetGet> decode_open_set_get(std::string_view payload) {
  return decode_message<OpenSetGet>(payload, "open_set_get");
}
Result<CursorGet> decode_cursor_get(std::string_view payload) {
  return decode_message<CursorGet>(payload, "cursor_get");
}
Result<Cursor> decode_cursor(std::string_view payload) {
  return decode_message<Cursor>(payload, "cursor");
}
Result<Commit> decode_commit(std::string_view payload) {
  return decode_message<Commit>(payload, "commit");
}
// Headers are pairs.
template <class Message>
Result<Message> decode_with_headers(std::string_view payload, std::string_view name) {
  BL_TRY(Message message, decode_message<Message>(payload, name));
  if (message.headers.size() % 2 != 0) {
    return Error(Error::Code::internal, "a header without a value: " + std::string(name));
  }
  return message;
}

Result<Http> decode_http(std::string_view payload) {
  return decode_with_headers<Http>(payload, "http");
}
Result<HttpHead> decode_http_head(std::string_view payload) {
  BL_TRY(HttpHead message, decode_with_headers<HttpHead>(payload, "http_head"));
  return message.code > kMaxWorkerCode ? Result<HttpHead>(bad_code("http_head")) : message;
}
Result<HttpBody> decode_http_body(std::string_view payload) {
  return decode_message<HttpBody>(payload, "http_body");
}
Result<Log> decode_log(std::string_view payload) {
  BL_TRY(Log message, decode_message<Log>(payload, "log"));
  return message.level > kMaxLevel ? Result<Log>(bad_code("log")) : message;
}
Result<ErrorReport> decode_error(std::string_view payload) {
  BL_TRY(ErrorReport message, decode_message<ErrorReport>(payload, "error"));
  const bool is_known = message.code >= 1 && message.code <= kMaxWorkerCode;
  return is_known ? message : Result<ErrorReport>(bad_code("error"));
}
Result<Progress> decode_progress(std::string_view payload) {
  return decode_message<Progress>(payload, "progress");
}
Result<Done> decode_done(std::string_view payload) {
  BL_TRY(Done message, decode_message<Done>(payload, "done"));
  return message.status > kMaxWorkerCode ? Result<Done>(bad_code("done")) : message;
}
Result<Refused> decode_refused(std::string_view payload) {
  BL_TRY(Refused message, decode_message<Refused>(payload, "refused"));
  const bool is_known = message.code >= 1 && message.code <= kMaxCode;
  return is_known ? message : Result<Refused>(bad_code("refused"));
}

}  // namespace baselined::wire
