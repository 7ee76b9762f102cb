#include "daemon/control/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <utility>

#include "daemon/base/log.h"

namespace baselined::control {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 4096;

class ConnectionExchange final : public Exchange {
 public:
  ConnectionExchange(std::shared_ptr<Connection> connection, json::object request)
      : connection_(std::move(connection)), request_(std::move(request)) {}
  // NOLINTNEXTLINE(bugprone-exception-escape): Asio throws here only without memory: fatal anyway
  ~ConnectionExchange() override { connection_->end(); }
  ConnectionExchange(const ConnectionExchange&) = delete;
  ConnectionExchange& operator=(const ConnectionExchange&) = delete;

  const json::object& request() const override { return request_; }

  void send(json::object line) override {
    if (!is_finished_) {
      connection_->send(line);
    }
  }

  void finish(json::object line) override {
    line["done"] = true;
    send(std::move(line));
    is_finished_ = true;
    connection_->end();
  }

 private:
  std::shared_ptr<Connection> connection_;
  json::object request_;
  bool is_finished_ = false;
};

Result<json::object> parse_request(std::string_view line) {
  BL_TRY(json::value value, parse_json(line));
  if (!value.is_object()) {
    return Error(Error::Code::data, "a request is one JSON object");
  }
  return std::move(value.as_object());
}

}  // namespace

Connection::Connection(stream_protocol::socket socket, std::shared_ptr<Service> service)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), service_(std::move(service)) {}

void Connection::start() {
  service_->connections.insert(shared_from_this());
  allow(service_->limits.request_deadline);
  read();
}

void Connection::close() {
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  queued_.clear();
  service_->connections.erase(shared_from_this());
}

void Connection::refuse(const Error& error) {
  json::object line;
  line["error"] = error.message();
  line["code"] = to_string(error.code());
  line["done"] = true;
  send(line);
  end();
}

void Connection::send(const json::object& line) {
  if (!socket_.is_open() || has_ended_) {
    return;
  }
  queued_.append(json::serialize(line));
  queued_.push_back('\n');
  if (queued_.size() + writing_.size() > service_->limits.max_queued_bytes) {
    log::warn("a client of the control socket does not read its answer; it was dropped");
    close();
    return;
  }
  if (writing_.empty()) {
    write();
  }
}

void Connection::end() {
  if (!socket_.is_open() || has_ended_) {
    return;
  }
  has_ended_ = true;
  if (writing_.empty()) {
    close();
  } else {
    allow(service_->limits.flush_deadline);
  }
}

bool Connection::is_over(const error_code& error) const { return error || !socket_.is_open(); }

void Connection::allow(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const std::shared_ptr<Connection> self = weak.lock();
    // An expiry that was already queued when the timer was moved is not one.
    if (!self || self->is_over(error) || self->timer_.expiry() > std::chrono::steady_clock::now()) {
      return;
    }
    if (self->has_ended_) {
      self->close();
    } else {
      self->refuse(Error(Error::Code::transient, "no complete request in time"));
    }
  });
}

void Connection::read() {
  const std::size_t size = input_.size();
  // One byte more than allowed, to see that it is too much.
  input_.resize(std::min(size + kReadBytes, service_->limits.max_request_bytes + 1));
  const auto buffer = asio::buffer(input_) + size;
  socket_.async_read_some(
      buffer, [self = shared_from_this(), size](const error_code& error, std::size_t bytes) {
        if (self->is_over(error)) {
          self->close();
          return;
        }
        self->input_.resize(size + bytes);
        const std::size_t end = self->input_.find('\n', size);
        if (end != std::string::npos) {
          self->take_request(end);
        } else if (self->input_.size() > self->service_->limits.max_request_bytes) {
          self->refuse(
              Error(Error::Code::limit, fmt::format("a request may have at most {} bytes",
                                                    self->service_->limits.max_request_bytes)));
        } else if (!self->has_ended_) {
          self->read();
        }
      });
}

void Connection::take_request(std::size_t end) {
  if (has_ended_) {
    return;
  }
  // The request is here: no deadline until end(). Moving the expiry, unlike cancel(), also disarms
  // an expiry that is already queued.
  timer_.expires_at(boost::asio::steady_timer::time_point::max());
  if (end + 1 != input_.size()) {
    refuse(Error(Error::Code::data, "one request per connection, on one line"));
    return;
  }
  Result<json::object> request = parse_request(std::string_view(input_).substr(0, end));
  input_ = std::string();
  if (!request) {
    refuse(std::move(request).error().with("the request"));
    return;
  }
  try {
    service_->handler(
        std::make_shared<ConnectionExchange>(shared_from_this(), *std::move(request)));
  } catch (const std::exception& exception) {
    log::error("answering the control socket: {}", exception.what());
  }
}

void Connection::write() {
  std::swap(writing_, queued_);
  asio::async_write(socket_, asio::buffer(writing_),
                    [self = shared_from_this()](const error_code& error, std::size_t /*bytes*/) {
                      self->writing_.clear();
                      const bool is_over = self->is_over(error);
                      if (!is_over && !self->queued_.empty()) {
                        self->write();
                      } else if (is_over || self->has_ended_) {
                        self->close();
                      }
                    });
}

}  // namespace baselined::control
