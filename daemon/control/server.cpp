#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/control/connection.h"
#include "daemon/control/control.h"
#include "daemon/control/socket_path.h"

namespace baselined::control {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr int kBacklog = SOMAXCONN;  // a connection beyond it is refused, not kept waiting
constexpr std::chrono::milliseconds kAcceptPause{50};

Error cannot_listen(const std::filesystem::path& path, const std::string& why) {
  return Error(Error::Code::transient,
               fmt::format("cannot listen on the control socket {}: {}", path.native(), why));
}

Error cannot_listen(const std::filesystem::path& path, int error_number) {
  const bool is_refused = error_number == EACCES || error_number == EPERM || error_number == EROFS;
  return cannot_listen(path, std::generic_category().message(error_number) +
                                 (is_refused ? "; the state directory must belong to the user that "
                                               "runs baselined, and be writable"
                                             : ""));
}

// Whoever holds the writer lock owns the name: a socket that is there is a leftover.
Status remove_stale(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Status() : Status(cannot_listen(path, errno));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return cannot_listen(path, "something else has this name; move it away");
  }
  return ::unlink(path.c_str()) == 0 ? Status() : Status(cannot_listen(path, errno));
}

// Returns the listening descriptor. Its mode is set before bind, which creates the file with it:
// there is no moment at which somebody else could connect, and the process's umask stays as it is.
Result<int> open_listener(const std::filesystem::path& path, const sockaddr_un& address) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return cannot_listen(path, errno);
  }
  const bool is_open =
      ::fchmod(descriptor, S_IRUSR | S_IWUSR) == 0 &&
      ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      ::listen(descriptor, kBacklog) == 0;
  if (!is_open) {
    Error error = cannot_listen(path, errno);
    ::close(descriptor);
    return error;
  }
  return descriptor;
}

bool is_allowed(int descriptor) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == ::geteuid());
}

// The listening socket. Pending operations hold it, so that one that was already under way when the
// server stopped finds everything in place, and the socket closed.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& context, int descriptor, std::shared_ptr<Service> service)
      : acceptor_(context, stream_protocol(), descriptor),
        pause_(context),
        service_(std::move(service)) {}

  void wait() {
    acceptor_.async_wait(stream_protocol::acceptor::wait_read,
                         [self = shared_from_this()](const error_code& error) {
                           if (!error) {
                             self->accept();
                           }
                         });
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    while (!service_->connections.empty()) {
      const auto node = service_->connections.extract(service_->connections.begin());
      node.value()->close();
    }
  }

 private:
  void accept() {
    if (!acceptor_.is_open()) {
      return;
    }
    const int descriptor =
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      start(descriptor);
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      pause(errno);
      return;
    }
    wait();
  }

  void start(int descriptor) {
    if (!is_allowed(descriptor)) {
      log::warn("another user tried to use the control socket");
      ::close(descriptor);
      return;
    }
    stream_protocol::socket socket(acceptor_.get_executor());
    error_code error;
    socket.assign(stream_protocol(), descriptor, error);
    if (error) {
      log::error("a client of the control socket was not accepted: {}", error.message());
      ::close(descriptor);
      return;
    }
    const bool is_full = service_->connections.size() >= service_->limits.max_connections;
    const auto connection = std::make_shared<Connection>(std::move(socket), service_);
    connection->start();
    if (is_full) {
      connection->refuse(Error(Error::Code::limit, "too many clients of the control socket"));
    }
  }

  void pause(int error_number) {
    log::warn("a client of the control socket was not accepted: {}",
              std::generic_category().message(error_number));
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) {
        self->accept();
      }
    });
  }

  stream_protocol::acceptor acceptor_;
  asio::steady_timer pause_;
  std::shared_ptr<Service> service_;
};

class Server final : public ControlServer {
 public:
  Server(std::filesystem::path path, std::shared_ptr<Listener> listener)
      : path_(std::move(path)), listener_(std::move(listener)) {}
  // NOLINTNEXTLINE(bugprone-exception-escape): Asio throws here only without memory: fatal anyway
  ~Server() override { close(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void stop() override { close(); }

 private:
  void close() {
    if (!is_closed_) {
      is_closed_ = true;
      ::unlink(path_.c_str());
      listener_->close();
    }
  }

  std::filesystem::path path_;
  std::shared_ptr<Listener> listener_;
  bool is_closed_ = false;
};

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(asio::io_context& context,
                                                             const std::filesystem::path& socket,
                                                             Handler handler,
                                                             ControlLimits limits) {
  BL_TRY(const sockaddr_un address, socket_address(socket));
  BL_CHECK(remove_stale(socket));
  BL_TRY(const int descriptor, open_listener(socket, address));
  auto service = std::make_shared<Service>();
  service->handler = std::move(handler);
  service->limits = limits;
  auto listener = std::make_shared<Listener>(context, descriptor, std::move(service));
  listener->wait();
  std::unique_ptr<ControlServer> server = std::make_unique<Server>(socket, std::move(listener));
  return server;
}

}  // namespace baselined::control
