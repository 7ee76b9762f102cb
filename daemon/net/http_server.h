// The HTTP server: answers from memory. A scrape never waits for a plugin, a query or a lock.
//
// The handler is called on the thread of the io_context for every complete request and must return
// at once. Bodies are shared and immutable, so that one rendering serves every scrape.
// Ownership: the io_context must outlive the server. stop() before destruction.
// Threads: one: that of the io_context.
// Errors: transient for an address that cannot be listened on (the message names it).
#pragma once

#include <boost/asio/io_context.hpp>
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
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;
  std::shared_ptr<const std::string> gzip;  // the same, compressed; may be missing
};

struct HttpLimits {
  std::chrono::milliseconds header_deadline{5000};
  std::chrono::milliseconds write_deadline{10000};
  std::chrono::milliseconds idle{75000};
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
