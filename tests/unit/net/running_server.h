// An HttpServer on a loop of its own, with a few addresses to ask for.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "daemon/net/http_server.h"
#include "tests/unit/net/loop_thread.h"

namespace baselined::test {

class RunningServer {
 public:
  static constexpr std::size_t kLargeBytes = std::size_t{16} << 20U;  // no socket buffers that much

  explicit RunningServer(net::HttpLimits limits = {}) {
    loop_.run([&] {
      auto server = net::HttpServer::listen(
          loop_.context(), "127.0.0.1", 0,
          [this](const net::HttpRequest& request) { return answer(request); }, limits);
      if (server) {
        server_ = *std::move(server);
      }
    });
    EXPECT_NE(server_, nullptr);
  }
  // NOLINTNEXTLINE(bugprone-exception-escape): ends the test, as it should
  ~RunningServer() {
    if (server_) {
      loop_.run([this] { server_.reset(); });
    }
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  // On the server's thread.
  void run(std::function<void()> call) { loop_.run(std::move(call)); }

  std::uint16_t port() const { return server_->port(); }
  // Stops and returns when no operation is pending any more.
  void stop_and_join() {
    loop_.run([this] {
      server_->stop();
      server_.reset();
    });
    loop_.join_when_idle();
  }

 private:
  net::HttpResponse answer(const net::HttpRequest& request) {
    net::HttpResponse response;
    if (request.path == "/large") {
      if (!large_) {
        large_ = std::make_shared<const std::string>(kLargeBytes, 'x');
      }
      response.body = large_;
    } else if (request.path == "/both") {
      response.body = std::make_shared<const std::string>("plain");
      response.gzip = std::make_shared<const std::string>("squeezed");
    } else if (request.path == "/nothing") {
      response.status = 503;
    } else if (request.path == "/throws") {
      throw std::runtime_error("no good");
    } else if (request.path == "/echo") {
      response.body = std::make_shared<const std::string>(std::string(request.method) + " " +
                                                          std::string(request.query) +
                                                          (request.accepts_gzip ? " gzip" : ""));
    } else {
      response.status = 404;
      response.body = std::make_shared<const std::string>("no " + std::string(request.path));
    }
    return response;
  }

  std::shared_ptr<const std::string> large_;
  LoopThread loop_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace baselined::test
