// The control socket (<state_dir>/control.sock, owner only): how the command line asks a running
// daemon to do what writes, so that there is never a second writer.
//
// Protocol: the client sends one JSON object on one line; the server answers with JSON objects, one
// per line, and closes. The last one has "done": true.
// Threads: the server lives on its io_context's thread; the client blocks its caller.
// Errors: transient where nobody answers (the message names the socket).
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/base/json.h"

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

class ControlServer {
 public:
  using Handler = std::function<void(std::shared_ptr<Exchange>)>;

  // Replaces a stale socket file; the caller holds the writer lock, so nobody else listens.
  static Result<std::unique_ptr<ControlServer>> listen(boost::asio::io_context& context,
                                                       const std::filesystem::path& socket,
                                                       Handler handler);
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
