#include "daemon/broker/transfer.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/broker/request_check.h"
#include "daemon/broker/retry.h"

namespace baselined::broker {
namespace {

// A server chooses the group of DHE: one of 10,000 bits takes the thread for more than half a
// second.
constexpr const char* kCiphers = "DEFAULT:!kDHE:!kDHEPSK";
// How soon it is seen that a request was sent, or an answer has begun.
constexpr std::chrono::seconds kLook{1};
// So much later libcurl ends a request that was sent. We do it in time: it would keep the
// connection.
constexpr std::chrono::milliseconds kLibcurlLater{100};

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  BL_ASSERT(curl_easy_setopt(handle, option, value) == CURLE_OK);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

// Of other lengths libcurl takes the first digits ("2, 7"), or reads on until the connection ends.
bool is_number(std::string_view text) {
  constexpr std::size_t kMostDigits = 18;
  return !text.empty() && text.size() <= kMostDigits &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The list that libcurl copied of our lines is the last place where a credential stays.
void free_wiped(curl_slist* lines) {
  for (curl_slist* line = lines; line != nullptr; line = line->next) {
    cleanse(line->data, std::strlen(line->data));
  }
  curl_slist_free_all(lines);
}

}  // namespace

const std::string* Outcome::header(std::string_view name) const {
  return find_header(headers, name);
}

Transfer::Transfer(TransferRequest request, const config::Connection& connection,
                   const AddressGuard& guard, const BrokerOptions& options, OpenSockets& sockets,
                   Turn& turn)
    : request_(std::move(request)),
      connection_(connection),
      guard_(guard),
      options_(options),
      sockets_(sockets),
      turn_(turn),
      handle_(curl_easy_init()),
      error_(CURL_ERROR_SIZE, '\0'),
      decoder_(request_.max_body_bytes) {
  BL_ASSERT(handle_ != nullptr);
  set_request();
  set_headers();
  set_trust();
  set_bounds();
}

Transfer::~Transfer() {
  curl_easy_cleanup(handle_);
  free_wiped(lines_);
}

void Transfer::set_request() {
  set(handle_, CURLOPT_URL, request_.url.c_str());
  set(handle_, CURLOPT_PATH_AS_IS, 1L);  // it was normalised when it was checked
  set(handle_, CURLOPT_PROTOCOLS_STR, connection_.allow_http ? "http,https" : "https");
  set(handle_, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  set(handle_, CURLOPT_NOSIGNAL, 1L);
  set(handle_, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(handle_, CURLOPT_HTTP09_ALLOWED, 0L);
  // Cleaning up does not wait for a name server that hangs.
  set(handle_, CURLOPT_QUICK_EXIT, 1L);
  const std::string& method = request_.method;
  if (method == "HEAD") {
    set(handle_, CURLOPT_NOBODY, 1L);
  } else if (!request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    set(handle_, CURLOPT_POST, 1L);
    set(handle_, CURLOPT_POSTFIELDS, request_.body.c_str());
    set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
  } else {
    set(handle_, CURLOPT_HTTPGET, 1L);
    set(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  if (!is_idempotent(method)) {
    // libcurl sends a request again by itself when a kept connection turns out to be closed.
    set(handle_, CURLOPT_FRESH_CONNECT, 1L);
    set(handle_, CURLOPT_FORBID_REUSE, 1L);
  }
  if (request_.needs_new_connection) {
    set(handle_, CURLOPT_FRESH_CONNECT, 1L);
  }
}

void Transfer::set_headers() {
  const auto add = [this](const char* line) {
    curl_slist* longer = curl_slist_append(lines_, line);
    BL_ASSERT(longer != nullptr);
    lines_ = longer;
  };
  for (const wire::HttpHeader& header : request_.headers) {
    const std::string line =
        header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    add(line.c_str());
  }
  for (const Secret& line : request_.secret_lines) {
    add(line.c_str());
  }
  add("Accept-Encoding: gzip, deflate");
  add("Expect:");
  if (find_header(request_.headers, "content-type") == nullptr) {
    add("Content-Type:");
  }
  request_.secret_lines.clear();
  set(handle_, CURLOPT_HTTPHEADER, lines_);
  set(handle_, CURLOPT_HTTP_CONTENT_DECODING, 0L);
}

void Transfer::set_trust() {
  set(handle_, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle_, CURLOPT_SSL_VERIFYHOST, 2L);
  set(handle_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  set(handle_, CURLOPT_PROXY_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  set(handle_, CURLOPT_SSL_CIPHER_LIST, kCiphers);
  set(handle_, CURLOPT_PROXY_SSL_CIPHER_LIST, kCiphers);
  if (!connection_.ca_file.empty()) {
    set(handle_, CURLOPT_CAINFO, connection_.ca_file.c_str());
    set(handle_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set(handle_, CURLOPT_PROXY_CAINFO, connection_.ca_file.c_str());
    set(handle_, CURLOPT_PROXY_CAPATH, static_cast<const char*>(nullptr));
    set(handle_, CURLOPT_CA_CACHE_TIMEOUT, 0L);  // by path only: a new file would not be seen
  }
  if (!connection_.client_certificate.empty()) {
    set(handle_, CURLOPT_SSLCERT, connection_.client_certificate.c_str());
  }
  if (request_.client_key) {
    curl_blob key{};
    key.data = const_cast<char*>(request_.client_key->c_str());
    key.len = request_.client_key->reveal().size();
    key.flags = CURL_BLOB_NOCOPY;
    set(handle_, CURLOPT_SSLKEY_BLOB, &key);
  }
  set(handle_, CURLOPT_SSL_CTX_FUNCTION, &Transfer::on_tls);
  set(handle_, CURLOPT_SSL_CTX_DATA, this);  // called while this transfer connects
  // Also where it is empty: then the variables of the environment count for nothing.
  set(handle_, CURLOPT_PROXY, connection_.proxy.c_str());
  set(handle_, CURLOPT_NOPROXY, "");
  set(handle_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(handle_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
  set(handle_, CURLOPT_OPENSOCKETDATA, this);
  // May be called when this transfer is long gone.
  set(handle_, CURLOPT_CLOSESOCKETFUNCTION, &Transfer::on_close);
  set(handle_, CURLOPT_CLOSESOCKETDATA, &sockets_);
  set(handle_, CURLOPT_PREREQFUNCTION, &Transfer::on_ready);
  set(handle_, CURLOPT_PREREQDATA, this);
}

void Transfer::set_bounds() {
  using std::chrono::milliseconds;
  const auto timeout = std::chrono::duration_cast<milliseconds>(request_.timeout) + kLibcurlLater;
  set(handle_, CURLOPT_TIMEOUT_MS, long{std::max<milliseconds::rep>(timeout.count(), 1)});
  set(handle_, CURLOPT_CONNECTTIMEOUT_MS, long{options_.connect_timeout.count()});
  set(handle_, CURLOPT_NOPROGRESS, 0L);
  set(handle_, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  set(handle_, CURLOPT_XFERINFODATA, this);
  set(handle_, CURLOPT_ERRORBUFFER, error_.data());
  set(handle_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(handle_, CURLOPT_HEADERDATA, this);
  set(handle_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(handle_, CURLOPT_WRITEDATA, this);
  set(handle_, CURLOPT_PRIVATE, this);
}

// libcurl looks at its timeouts between two calls only, and reads the answer of a proxy in one, for
// as long as it comes.
int Transfer::on_progress(void* self, curl_off_t /*to_come*/, curl_off_t /*come*/, curl_off_t to_go,
                          curl_off_t gone) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.is_uploading_ = gone < to_go;
  if (!transfer.outcome_.was_sent && transfer.turn_.is_over(self)) {
    transfer.stop(Outcome::Stop::flood);
    return 1;
  }
  const Microseconds bound =
      transfer.outcome_.was_sent
          ? transfer.request_.timeout + kLibcurlLater
          : std::min(transfer.request_.timeout, Microseconds(transfer.options_.connect_timeout));
  return std::chrono::steady_clock::now() > transfer.begun_ + bound ? 1 : 0;
}

bool Transfer::stop(Outcome::Stop why) {
  outcome_.stop = why;
  return false;
}

// libcurl's rule for low speed would also end a request whose answer takes long to begin.
SteadyTime Transfer::watch(SteadyTime now) {
  const SteadyTime end = begun_ + request_.timeout;
  if (!outcome_.was_sent) {
    return now < end ? std::min(now + kLook, end) : now + kLook;  // connecting has its own bound
  }
  return now < end ? std::min(watch_speed(now), end) : now;
}

SteadyTime Transfer::watch_speed(SteadyTime now) {
  const std::uint64_t received =
      has_answer_begun_ ? header_bytes_ + decoder_.compressed_bytes() : 0;
  if (is_uploading_ && !has_answer_begun_) {
    return now + kLook;  // the whole time is bounded
  }
  if (!watched_since_ || (received > 0 && watched_bytes_ == 0)) {
    watched_since_ = now;
    watched_bytes_ = received;
  }
  const bool has_begun = watched_bytes_ > 0;
  const SteadyTime end =
      *watched_since_ + (has_begun ? Microseconds(options_.low_speed_time) : first_byte_timeout());
  if (now < end) {
    return has_begun ? end : std::min(end, now + kLook);
  }
  if (received - watched_bytes_ <
      options_.low_speed_bytes * static_cast<std::uint64_t>(options_.low_speed_time.count())) {
    stop(has_begun ? Outcome::Stop::low_speed : Outcome::Stop::first_byte);
    return now;
  }
  watched_since_ = now;
  watched_bytes_ = received;
  return now + options_.low_speed_time;
}

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  return transfer.take_header_line({bytes, size * count}) ? size * count : 0;
}

bool Transfer::take_header_line(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > options_.max_header_bytes) {
    return stop(Outcome::Stop::header_bytes);
  }
  while (line.ends_with('\n') || line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  if (expects_status_ && line.starts_with("HTTP/")) {
    expects_status_ = false;
    outcome_.headers.clear();
    outcome_.is_head_whole = false;
    has_answer_begun_ = line.find(" 1") != line.find(' ');
    return true;
  }
  if (line.empty()) {
    curl_tlssessioninfo* session = nullptr;
    curl_easy_getinfo(handle_, CURLINFO_TLS_SSL_PTR, &session);
    tls_ = session == nullptr ? nullptr : session->internals;
    outcome_.is_head_whole = true;
    expects_status_ = !has_answer_begun_;
    return true;
  }
  if (++header_count_ > options_.max_headers) {
    return stop(Outcome::Stop::header_count);
  }
  if (outcome_.is_head_whole) {
    return true;  // a trailer: it comes too late to say what the body is, or where to go on
  }
  const std::size_t colon = line.find(':');
  if (has_control(line) || colon == std::string_view::npos) {
    return stop(Outcome::Stop::header_broken);
  }
  const std::string_view name = line.substr(0, colon);
  wire::HttpHeader header{lower(trimmed(name)), std::string(trimmed(line.substr(colon + 1)))};
  if (!is_header_name(header.name)) {
    return true;  // nobody can ask for it; its bytes may be no text at all
  }
  const bool is_length = header.name == "content-length";
  const bool says_end = is_length || header.name == "transfer-encoding";
  // Of "Content-Length :" libcurl knows nothing.
  if ((says_end && header.name.size() < name.size()) ||
      (is_length && !has_one_length(header.value))) {
    return stop(Outcome::Stop::header_broken);
  }
  outcome_.headers.push_back(std::move(header));
  return true;
}

// Two lengths that differ leave open where the answer ends (RFC 9112, 6.3).
bool Transfer::has_one_length(std::string_view value) const {
  const std::string* before = outcome_.header("content-length");
  return is_number(value) && (before == nullptr || *before == value);
}

bool Transfer::begin_body() {
  has_body_begun_ = true;
  const std::string* encoding = outcome_.header("content-encoding");
  if (encoding != nullptr && !decoder_.set_encoding(lower(*encoding))) {
    return stop(Outcome::Stop::body_encoding);
  }
  // libcurl would undo compression here too, uncounted; nobody asked for it.
  const auto is_known = [](const wire::HttpHeader& header) {
    return header.name != "transfer-encoding" || lower(header.value) == "chunked" ||
           lower(header.value) == "identity";
  };
  return std::ranges::all_of(outcome_.headers, is_known) || stop(Outcome::Stop::body_encoding);
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.has_body_begun_ && !transfer.begin_body()) {
    return 0;
  }
  const BodyDecoder::Result result = transfer.decoder_.add({bytes, size * count});
  // Not for each piece, of which a server may send a million: asking for the time takes longer than
  // those.
  constexpr std::size_t kWork = 65536;
  if (transfer.decoder_.is_decoding() &&
      transfer.decoder_.body().size() >= transfer.decoded_ + kWork) {
    transfer.decoded_ = transfer.decoder_.body().size();
    transfer.turn_.worked();
  }
  switch (result) {
    case BodyDecoder::Result::ok:
      return size * count;
    case BodyDecoder::Result::too_large:
      transfer.stop(Outcome::Stop::body_size);
      break;
    case BodyDecoder::Result::ratio:
      transfer.stop(Outcome::Stop::body_ratio);
      break;
    case BodyDecoder::Result::broken:
      transfer.stop(Outcome::Stop::body_broken);
      break;
  }
  return 0;
}

// With a proxy all sockets are the proxy's, and who configured it knows where it is.
bool Transfer::may_reach(const Address& address) {
  if (!connection_.proxy.empty() || guard_.allows(address)) {
    return true;
  }
  outcome_.refused_address = address;
  return false;
}

bool Transfer::has_tls_proxy() const { return lower(connection_.proxy).starts_with("https://"); }

// A read that does not go on after a record that holds no data (an update of keys) lets go of the
// thread at once, before Turn has to end it. Within the TLS of a proxy it must go on: what came
// with such a record was taken from the socket, which tells of it no more.
CURLcode Transfer::on_tls(CURL* /*handle*/, void* context, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  auto* const tls = static_cast<SSL_CTX*>(context);
  if (!transfer.has_tls_proxy()) {
    SSL_CTX_clear_mode(tls, SSL_MODE_AUTO_RETRY);
  }
  transfer.turn_.watch(tls);
  return CURLE_OK;
}

// A name may have several addresses: libcurl tries the next one when this one is refused.
curl_socket_t Transfer::on_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto wanted = Address::of(&address->addr);
  if (!wanted || !transfer.may_reach(*wanted)) {
    return CURL_SOCKET_BAD;
  }
  transfer.is_new_connection_ = true;
  transfer.has_tried_ = true;
  const int opened = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (opened >= 0) {
    transfer.sockets_.opened(opened);
  }
  return opened;
}

// What a source sent after its last answer would be read as the answer to this request, and from
// then on each answer as the next one's; libcurl before 8.0 does not look. In HTTP/2 an answer
// says whose it is, and other frames come at any time.
bool Transfer::has_leftover(const std::string& local, int port) const {
  if (is_new_connection_) {
    return false;
  }
  curl_tlssessioninfo* session = nullptr;
  curl_easy_getinfo(handle_, CURLINFO_TLS_SSL_PTR, &session);
  if (session != nullptr && session->internals != nullptr) {
    const auto* const tls = static_cast<const SSL*>(session->internals);
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls, &protocol, &size);
    if (std::string_view(reinterpret_cast<const char*>(protocol), size) == "h2") {
      return false;
    }
    if (SSL_has_pending(tls) != 0) {
      return true;
    }
  }
  const auto address = Address::parse(local);
  return address && sockets_.has_unread(*address, static_cast<std::uint16_t>(port));
}

int Transfer::on_close(void* sockets, curl_socket_t socket) {
  static_cast<OpenSockets*>(sockets)->closed(socket);
  return ::close(socket);
}

// Before a request is sent, also over a connection that is kept: another configured connection,
// which may reach more, may have made it.
int Transfer::on_ready(void* self, char* address, char* local, int /*port*/, int local_port) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto reached = Address::parse(address);
  if (reached && transfer.may_reach(*reached)) {
    if (transfer.has_leftover(local, local_port)) {
      transfer.stop(Outcome::Stop::leftover);
      return CURL_PREREQFUNC_ABORT;
    }
    // libcurl asks again by itself where a kept connection is closed, or a stream refused.
    if (transfer.outcome_.sent >= transfer.request_.most_sent) {
      transfer.stop(Outcome::Stop::refused);
      return CURL_PREREQFUNC_ABORT;
    }
    ++transfer.outcome_.sent;
    transfer.is_new_connection_ = false;
    transfer.expects_status_ = true;
    transfer.outcome_.was_sent = true;
    transfer.outcome_.refused_address.reset();
    return CURL_PREREQFUNC_OK;
  }
  transfer.stop(Outcome::Stop::address);
  return CURL_PREREQFUNC_ABORT;
}

// By HTTP/1 alone, without a length. An answer to HEAD has no body.
bool Transfer::ends_with_connection() const {
  long version = 0;
  curl_easy_getinfo(handle_, CURLINFO_HTTP_VERSION, &version);
  const bool counts = request_.method != "HEAD" && outcome_.status >= 200 &&
                      outcome_.status < 300 && outcome_.status != 204;
  const auto says_its_end = [](const wire::HttpHeader& header) {
    return header.name == "content-length" ||
           (header.name == "transfer-encoding" && lower(header.value) == "chunked");
  };
  return counts && version < CURL_HTTP_VERSION_2_0 &&
         std::ranges::none_of(outcome_.headers, says_its_end);
}

Outcome Transfer::finish(CURLcode code) {
  Outcome& outcome = outcome_;
  const bool is_out_of_time =
      code == CURLE_ABORTED_BY_CALLBACK && outcome.stop == Outcome::Stop::none;
  outcome.code = is_out_of_time ? CURLE_OPERATION_TIMEDOUT : code;
  outcome.detail = error_.c_str();
  // Where another address was tried, that one is down.
  if (code == CURLE_COULDNT_CONNECT && outcome.refused_address && !has_tried_) {
    outcome.stop = Outcome::Stop::address;
  }
  if (code == CURLE_OK && !decoder_.is_complete()) {
    outcome.stop = Outcome::Stop::body_broken;
  }
  // Turn did that: nobody else takes a connection's socket away. But a certificate may say
  // anything.
  if (code != CURLE_OK && code != CURLE_PEER_FAILED_VERIFICATION &&
      outcome.stop == Outcome::Stop::none &&
      outcome.detail.find("Bad file descriptor") != std::string::npos) {
    outcome.stop = Outcome::Stop::flood;
  }
  long tunnel = 0;
  curl_easy_getinfo(handle_, CURLINFO_HTTP_CONNECTCODE, &tunnel);
  outcome.is_at_proxy = tunnel == 0 && has_tls_proxy();
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  outcome.status = static_cast<int>(status);
  if (code == CURLE_OK && outcome.stop == Outcome::Stop::none && tls_ != nullptr &&
      ends_with_connection() && !turn_.was_closed(tls_)) {
    outcome.stop = Outcome::Stop::cut;
  }
  curl_off_t before_sending = 0;
  curl_easy_getinfo(handle_, CURLINFO_PRETRANSFER_TIME_T, &before_sending);
  outcome.was_sent = outcome.was_sent || before_sending > 0;
  curl_off_t elapsed = 0;
  curl_easy_getinfo(handle_, CURLINFO_TOTAL_TIME_T, &elapsed);
  outcome.elapsed = Microseconds(elapsed);
  outcome.body_bytes = decoder_.body().size();
  outcome.wire_bytes = header_bytes_ + decoder_.compressed_bytes();
  if (decoder_.is_decoding()) {
    std::erase_if(outcome.headers, [](const wire::HttpHeader& header) {
      return header.name == "content-encoding" || header.name == "content-length";
    });
  }
  outcome.body = decoder_.take_body();
  return std::move(outcome);
}

}  // namespace baselined::broker
