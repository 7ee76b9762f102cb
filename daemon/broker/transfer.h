// Transfer: one request over the wire, once. A libcurl easy handle with nothing left to chance:
// no redirects, no cookies, no .netrc, no proxy but the configured one, an address guard, bounds.
//
// Ownership: made and destroyed on the broker's thread; the multi handle drives it in between, so
// it neither moves nor outlives its Source. Its Outcome says what came, not what it means. Threads:
// the broker's. Errors: a failure is an Outcome.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/broker/address_guard.h"
#include "daemon/broker/body_decoder.h"
#include "daemon/broker/open_sockets.h"
#include "daemon/broker/options.h"
#include "daemon/broker/secret.h"
#include "daemon/broker/turn.h"
#include "daemon/config/configuration.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

struct TransferRequest {
  std::string method;
  std::string url;
  std::vector<wire::HttpHeader> headers;
  std::vector<Secret> secret_lines;  // "Name: value"
  std::optional<Secret> client_key;  // PEM
  std::string body;
  Microseconds timeout = Microseconds(0);
  std::uint64_t max_body_bytes = 0;
  bool needs_new_connection = false;
  unsigned most_sent = 2;  // libcurl asks again by itself where a connection is closed
};

struct Outcome {
  // Why we ended it ourselves.
  enum class Stop : std::uint8_t {
    none,
    header_bytes,
    header_count,
    header_broken,
    body_size,
    body_ratio,
    body_encoding,  // one that was not asked for
    body_broken,    // compressed bytes that are none, or end too early
    address,
    first_byte,
    low_speed,
    refused,   // it was sent as often as it may be, and each time the connection refused it
    leftover,  // a kept connection holds bytes that nobody asked for; nothing was sent
    flood,     // what came held nothing, without end (see Turn)
    cut,       // an answer without a length ends, and TLS does not say so
  };
  CURLcode code = CURLE_OK;
  Stop stop = Stop::none;
  std::optional<Address> refused_address;
  std::string detail;        // libcurl's words
  unsigned sent = 0;         // how often
  bool was_sent = false;     // the connection was made, the request may have arrived
  bool is_at_proxy = false;  // whose TLS it is: a proxy's that has not answered yet
  int status = 0;
  bool is_head_whole = false;
  std::vector<wire::HttpHeader> headers;  // names in lower case, of the last head
  std::string body;
  std::uint64_t body_bytes = 0;  // decompressed, also of what was given up
  std::uint64_t wire_bytes = 0;
  Microseconds elapsed = Microseconds(0);

  const std::string* header(std::string_view name) const;
};

class Transfer {
 public:
  Transfer(TransferRequest request, const config::Connection& connection, const AddressGuard& guard,
           const BrokerOptions& options, OpenSockets& sockets, Turn& turn);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return handle_; }
  // Looks at what has come so far, and says when to look again. Where that is `now` it came too
  // slowly: to be taken from the multi handle and finished.
  SteadyTime watch(SteadyTime now);
  // Once, after the multi handle is done with it.
  Outcome finish(CURLcode code);

 private:
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_progress(void* self, curl_off_t to_come, curl_off_t come, curl_off_t to_go,
                         curl_off_t gone);
  static CURLcode on_tls(CURL* handle, void* context, void* self);
  static int on_close(void* sockets, curl_socket_t socket);
  static int on_ready(void* self, char* address, char* local, int port, int local_port);

  void set_request();
  void set_headers();
  void set_trust();
  void set_bounds();
  SteadyTime watch_speed(SteadyTime now);
  bool take_header_line(std::string_view line);
  bool has_one_length(std::string_view value) const;
  bool begin_body();
  bool stop(Outcome::Stop why);
  Microseconds first_byte_timeout() const { return connection_.timeout / 2; }
  bool may_reach(const Address& address);
  bool has_tls_proxy() const;
  bool has_leftover(const std::string& local, int port) const;
  bool ends_with_connection() const;

  TransferRequest request_;
  const config::Connection& connection_;
  const AddressGuard& guard_;
  const BrokerOptions& options_;
  OpenSockets& sockets_;
  Turn& turn_;
  CURL* handle_;
  curl_slist* lines_ = nullptr;
  std::string error_;
  const SteadyTime begun_ = std::chrono::steady_clock::now();
  BodyDecoder decoder_;
  bool expects_status_ = true;  // a header may begin like one
  bool is_uploading_ = false;
  bool has_answer_begun_ = false;  // 1xx is none
  const void* tls_ = nullptr;      // its connection, which may be gone
  std::size_t decoded_ = 0;        // of the body, when that was last taken for work of our own
  bool has_body_begun_ = false;
  bool is_new_connection_ = false;  // that the next sending goes over
  bool has_tried_ = false;          // to connect to an address that may be reached
  std::optional<SteadyTime> watched_since_;
  std::uint64_t watched_bytes_ = 0;  // that had come then
  std::uint64_t header_bytes_ = 0;
  std::uint64_t header_count_ = 0;
  Outcome outcome_;
};

}  // namespace baselined::broker
