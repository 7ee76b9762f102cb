// The HTTP server: answers from memory. A scrape never waits for a plugin, a query or a lock.
//
// The handler is called on the thread of the io_context for every complete request and must return
// at once. Bodies are shared and immutable, so that one rendering serves every scrape.
// GET and HEAD of HTTP/1.1 and 1.0 without a body, keep-alive and pipelining; anything else gets a
// 4xx or 505 and the connection is closed. Paths are not decoded: they match exactly or not at all.
// Ownership: the io_context must outlive the server. stop() before destruction.
// Threads: one: that of the io_context.
// Errors: transient for an address that cannot be listened on, config for text that is no address;
// the message names it and says what to do.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace baselined::net {

struct HttpRequest {
  std::string_view method;  // GET or HEAD: everything else is refused before the handler
  std::string_view path;    // without query
  std::string_view query;
  bool accepts_gzip = false;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;
  // The same, compressed. Either may be missing where the request says which one is needed.
  std::shared_ptr<const std::string> gzip;
};

struct HttpLimits {
  std::chrono::milliseconds header_deadline{5000};  // from the connect, or the first byte
  std::chrono::milliseconds write_deadline{10000};  // of one whole response
  std::chrono::milliseconds idle{75000};            // between two requests
  // One more closes the connection that has used most of its time, so that a client that holds
  // connections cannot keep others out.
  std::size_t max_connections = 256;
  std::size_t max_header_bytes = 16384;
};

class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Listens at once; port 0 lets the system choose.
  static Result<std::unique_ptr<HttpServer>> listen(boost::asio::io_context& context,
                                                    const std::string& address, std::uint16_t port,
                                                    Handler handler, HttpLimits limits = {});
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual void stop() = 0;
};

}  // namespace baselined::net
