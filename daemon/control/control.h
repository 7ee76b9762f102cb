// The control socket (<state_dir>/control.sock, owner only): how the command line asks a running
// daemon to do what writes, so that there is never a second writer.
//
// Protocol: the client sends one JSON object on one line; the server answers with JSON objects, one
// per line, and closes. The last one has "done": true. A request that is refused before the handler
// sees it gets {"error": text, "code": error code, "done": true}.
// Only the daemon's own user and root are listened to.
// Ownership: the io_context must outlive the server and every Exchange.
// Threads: the server and its Exchanges live on the io_context's thread; the client blocks its
// caller.
// Errors: transient where nobody answers, config for a path that cannot be a socket (the message
// names the socket).
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/base/json.h"
#include "daemon/base/result.h"

namespace baselined::control {

// One client's request. Keep it as long as the answer takes; the connection closes with finish() or
// with the last reference.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const json::object& request() const = 0;
  virtual void send(json::object line) = 0;    // a client that went away is no error
  virtual void finish(json::object line) = 0;  // adds "done": true and closes
};

struct ControlLimits {
  std::chrono::milliseconds request_deadline{5000};
  std::chrono::milliseconds flush_deadline{10000};         // for what is queued at finish()
  std::size_t max_request_bytes = std::size_t{64} << 10U;  // one more byte is refused
  std::size_t max_queued_bytes = std::size_t{8}
                                 << 20U;  // a client that reads too little is dropped
  std::size_t max_connections = 32;
};

class ControlServer {
 public:
  using Handler = std::function<void(std::shared_ptr<Exchange>)>;

  // Replaces a stale socket file; the caller holds the writer lock, so nobody else listens.
  static Result<std::unique_ptr<ControlServer>> listen(boost::asio::io_context& context,
                                                       const std::filesystem::path& socket,
                                                       Handler handler, ControlLimits limits = {});
  virtual ~ControlServer() = default;
  virtual void stop() = 0;  // closes and removes the socket file
};

class ControlClient {
 public:
  // Nothing (and no error) where no daemon listens.
  static Result<std::optional<ControlClient>> connect(const std::filesystem::path& socket);
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&&) = delete;
  ~ControlClient();

  Status send(const json::object& request);
  // The next line; the one with "done": true is the last. A connection that closes before it is a
  // transient error.
  Result<json::object> receive();

 private:
  explicit ControlClient(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
  std::string buffer_;
};

}  // namespace baselined::control
