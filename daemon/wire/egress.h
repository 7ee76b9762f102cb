// Egress: the way out of a worker. It asks the daemon for HTTP; who implements this (the broker)
// sends, with the credential that the worker never sees.
//
// Ownership: an Outlet belongs to one run and must not outlive its Egress. Destroying it ends what
// is under way; its answer is dropped then.
// Threads: one thread calls open(), send() and cancel(); answers come on another.
// Errors: in the answer, with the code that decides when the collector runs again: auth,
// rate_limited, transient, data, limit, config, cancelled. A message names connection, host and
// path, never a query, a header or a body.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace baselined::wire {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  std::string target;  // path and query below the connection's base URL, or a URL at its origin
  std::vector<HttpHeader> headers;
  std::string body;
  Microseconds timeout = Microseconds(0);  // of one attempt; 0: the connection's
  // Sent where they are not empty: the answer may be 304 then.
  std::string etag;
  std::string last_modified;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;  // names in lower case, of the final answer, without cookies
  std::string body;                 // decompressed
};

struct HttpAnswer {
  Result<HttpResponse> response;
  Microseconds retry_after = Microseconds(0);  // of a failure, where the source said so
};

class Outlet {
 public:
  using OnAnswer = std::function<void(HttpAnswer)>;

  virtual ~Outlet() = default;
  // One at a time. Answered exactly once, before the deadline.
  virtual void send(HttpRequest request, OnAnswer on_answer) = 0;
  // What is under way, and all that follows, is answered "cancelled" at once.
  virtual void cancel() = 0;
  // A limit of the run that was reached ("requests", "response_data"); empty: none.
  virtual std::string limit_hit() const = 0;
};

struct OutletRequest {
  std::string collector;
  std::string connection;
  SteadyTime deadline{};
  std::uint64_t max_requests = 0;  // attempts count
  std::uint64_t max_bytes = 0;     // of answers, decompressed
};

class Egress {
 public:
  virtual ~Egress() = default;
  // Errors: config, a connection that does not exist.
  virtual Result<std::unique_ptr<Outlet>> open(OutletRequest request) = 0;
};

}  // namespace baselined::wire
