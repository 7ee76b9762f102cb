#include "daemon/net/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/net/http_connection.h"

namespace baselined::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Accepted in one go before connections get their turn.
constexpr int kAcceptBatch = 64;
constexpr std::chrono::milliseconds kAcceptPause{50};
constexpr std::chrono::minutes kBetweenWarnings{1};

std::string_view advice(const error_code& error) {
  if (error == asio::error::address_in_use) {
    return "; another process, perhaps another baselined, listens there: stop it or change "
           "`listen` in [web]";
  }
  if (error == asio::error::access_denied) {
    return "; ports below 1024 need CAP_NET_BIND_SERVICE: change `listen` in [web]";
  }
  if (error == boost::system::errc::address_not_available) {
    return "; no interface of this machine has this address: change `listen` in [web]";
  }
  return "";
}

Error cannot_listen(const tcp::endpoint& endpoint, const error_code& error) {
  const bool is_v6 = endpoint.address().is_v6();
  return Error(Error::Code::transient,
               fmt::format("cannot listen on {}{}{}:{}: {}{}", is_v6 ? "[" : "",
                           endpoint.address().to_string(), is_v6 ? "]" : "", endpoint.port(),
                           error.message(), advice(error)));
}

// Sockets are opened and accepted by hand, because Asio does not set close-on-exec and workers are
// forked at any moment.
int open_socket(const tcp& protocol) {
  return ::socket(protocol.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// The listening socket and its connections. Pending operations hold it, so that one that was
// already under way when the server stopped finds everything in place, and the socket closed.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& context, std::shared_ptr<HttpService> service)
      : acceptor_(context), pause_(context), service_(std::move(service)) {}

  error_code open(const tcp::endpoint& endpoint) {
    error_code error;
    const int descriptor = open_socket(endpoint.protocol());
    if (descriptor < 0) {
      return error_code(errno, boost::system::system_category());
    }
    acceptor_.assign(endpoint.protocol(), descriptor, error);
    if (error) {
      ::close(descriptor);
    } else {
      acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    }
    if (!error) {
      acceptor_.bind(endpoint, error);
    }
    if (!error) {
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (!error) {
      endpoint_ = acceptor_.local_endpoint(error);
    }
    if (!error) {
      wait();
    }
    return error;
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    while (service_->close_one()) {
    }
  }

  std::uint16_t port() const { return endpoint_.port(); }

 private:
  void wait() {
    acceptor_.async_wait(tcp::acceptor::wait_read,
                         [self = shared_from_this()](const error_code& error) {
                           if (!error) {
                             self->accept_batch();
                           }
                         });
  }

  void accept_batch() {
    if (!acceptor_.is_open()) {
      return;
    }
    for (int accepted = 0; accepted < kAcceptBatch; ++accepted) {
      const int descriptor =
          ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor >= 0) {
        start(descriptor);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // Said of an empty queue too: only on the first call it is known that a client waits.
        if (accepted == 0) {
          make_room(errno);
          return;
        }
        break;
      }
      // Other errors belong to one client that has already gone.
    }
    wait();
  }

  void start(int descriptor) {
    tcp::socket socket(acceptor_.get_executor());
    error_code error;
    socket.assign(endpoint_.protocol(), descriptor, error);
    if (error) {
      log::error("a web client was not accepted: {}", error.message());
      ::close(descriptor);
      return;
    }
    if (service_->connections.size() >= service_->limits.max_connections) {
      service_->close_one();
    }
    socket.set_option(tcp::no_delay(true), error);
    std::make_shared<HttpConnection>(std::move(socket), service_)->start();
  }

  // Not even a refusal is possible without a descriptor: give one back, or wait until somebody
  // does.
  void make_room(int error_number) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_warning_) {
      next_warning_ = now + kBetweenWarnings;
      log::warn("a web client cannot be accepted: {}; closing the slowest one instead",
                error_code(error_number, boost::system::system_category()).message());
    }
    if (service_->close_one()) {
      wait();
      return;
    }
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && self->acceptor_.is_open()) {
        self->wait();
      }
    });
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::chrono::steady_clock::time_point next_warning_;
  tcp::endpoint endpoint_;
  std::shared_ptr<HttpService> service_;
};

class Server final : public HttpServer {
 public:
  explicit Server(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}
  // NOLINTNEXTLINE(bugprone-exception-escape): Asio throws here only without memory: fatal anyway
  ~Server() override { listener_->close(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const override { return listener_->port(); }
  void stop() override { listener_->close(); }

 private:
  std::shared_ptr<Listener> listener_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::io_context& context,
                                                       const std::string& address,
                                                       std::uint16_t port, Handler handler,
                                                       HttpLimits limits) {
  error_code error;
  const asio::ip::address parsed = asio::ip::make_address(address, error);
  if (error) {
    return Error(
        Error::Code::config,
        fmt::format("\"{}\" is no IP address: give one such as 127.0.0.1 or ::1 in `listen` "
                    "in [web]",
                    address));
  }
  const tcp::endpoint endpoint(parsed, port);
  auto service = std::make_shared<HttpService>();
  service->handler = std::move(handler);
  service->limits = limits;
  auto listener = std::make_shared<Listener>(context, std::move(service));
  error = listener->open(endpoint);
  if (error) {
    return cannot_listen(endpoint, error);
  }
  std::unique_ptr<HttpServer> server = std::make_unique<Server>(std::move(listener));
  return server;
}

}  // namespace baselined::net
