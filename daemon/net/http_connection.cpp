#include "daemon/net/http_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/net/response_head.h"

namespace baselined::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 2048;
constexpr std::size_t kLingerBytes = std::size_t{64} << 10U;
constexpr std::chrono::milliseconds kLinger{1000};

}  // namespace

bool HttpService::close_one() {
  const auto victim = std::max_element(
      connections.begin(), connections.end(),
      [](const auto& left, const auto& right) { return left->used_share() < right->used_share(); });
  if (victim == connections.end()) {
    return false;
  }
  const auto node = connections.extract(victim);
  node.value()->close();
  return true;
}

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, std::shared_ptr<HttpService> service)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), service_(std::move(service)) {}

void HttpConnection::start() {
  service_->connections.insert(shared_from_this());
  allow(service_->limits.header_deadline);
  read();
}

void HttpConnection::close() {
  error_code ignored;
  if (body_) {
    // The client does not read: the kernel shall not go on holding its answer either.
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  }
  socket_.close(ignored);
  timer_.cancel();
  service_->connections.erase(shared_from_this());
}

double HttpConnection::used_share() const {
  const auto used = std::chrono::steady_clock::now() - begun_;
  return std::chrono::duration<double>(used) / std::chrono::duration<double>(deadline_ - begun_);
}

bool HttpConnection::is_over(const error_code& error) const { return error || !socket_.is_open(); }

void HttpConnection::allow(std::chrono::milliseconds time) {
  begun_ = std::chrono::steady_clock::now();
  deadline_ = begun_ + time;
  // A timer that fires too early is set again; only one that would fire too late must be moved. So
  // a busy keep-alive connection does not touch its timer.
  if (!is_watched_ || timer_.expiry() > deadline_) {
    watch();
  }
}

void HttpConnection::watch() {
  is_watched_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const std::shared_ptr<HttpConnection> self = weak.lock();
    if (!self || self->is_over(error)) {
      return;
    }
    if (std::chrono::steady_clock::now() >= self->deadline_) {
      self->close();
    } else {
      self->watch();
    }
  });
}

void HttpConnection::read() {
  const std::size_t size = input_.size();
  const std::size_t room = service_->limits.max_header_bytes - size;
  input_.resize(size + std::min(kReadBytes, room));
  const auto buffer = asio::buffer(input_) + size;
  socket_.async_read_some(
      buffer, [self = shared_from_this(), size](const error_code& error, std::size_t bytes) {
        self->input_.resize(size + bytes);
        if (self->is_over(error)) {
          self->close();
        } else {
          self->on_read(bytes);
        }
      });
}

void HttpConnection::on_read(std::size_t bytes) {
  if (is_idle_ && bytes > 0) {
    is_idle_ = false;
    allow(service_->limits.header_deadline);
  }
  take_request();
}

void HttpConnection::take_request() {
  switch (scanner_.scan(input_)) {
    case HeadScanner::State::broken:
      refuse(400);
      return;
    case HeadScanner::State::incomplete:
      if (input_.size() >= service_->limits.max_header_bytes) {
        refuse(431);
      } else {
        read();
      }
      return;
    case HeadScanner::State::complete:
      break;
  }
  const RequestHead request =
      parse_request_head(std::string_view(input_).substr(0, scanner_.size()));
  input_.erase(0, scanner_.size());
  scanner_ = HeadScanner();
  if (request.refused != 0) {
    refuse(request.refused);
  } else {
    write(request, call_handler(request));
  }
}

HttpResponse HttpConnection::call_handler(const RequestHead& request) const {
  const std::string_view target = request.target;
  const std::size_t mark = target.find('?');
  HttpRequest question;
  question.method = request.is_head ? "HEAD" : "GET";
  question.path = target.substr(0, mark);
  question.query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  question.accepts_gzip = request.accepts_gzip;
  try {
    return service_->handler(question);
  } catch (const std::exception& exception) {
    log::error("answering {}: {}", question.path, exception.what());
    HttpResponse response;
    response.status = 500;
    response.body = std::make_shared<const std::string>("internal error; see the daemon's log\n");
    return response;
  }
}

void HttpConnection::refuse(unsigned status) {
  HttpResponse response;
  response.status = status;
  response.body = std::make_shared<const std::string>(std::string(reason_phrase(status)) + "\n");
  write(RequestHead(), std::move(response));
}

void HttpConnection::write(const RequestHead& request, HttpResponse response) {
  static const auto kEmpty = std::make_shared<const std::string>();
  const bool is_gzip = response.gzip && (request.accepts_gzip || !response.body);
  body_ = is_gzip ? std::move(response.gzip) : std::move(response.body);
  if (!body_) {
    body_ = kEmpty;
  }
  ResponseHead head;
  head.status = response.status;
  head.content_type = response.content_type;
  head.content_length = body_->size();
  head.is_gzip = is_gzip;
  head.keep_alive = request.keep_alive;
  head.is_http_1_0 = request.is_http_1_0;
  head.date = std::time(nullptr);
  head_ = format_head(head);
  allow(service_->limits.write_deadline);
  const std::array<asio::const_buffer, 2> buffers = {
      asio::buffer(head_), request.is_head ? asio::const_buffer() : asio::buffer(*body_)};
  asio::async_write(socket_, buffers,
                    [self = shared_from_this(), keep_alive = request.keep_alive](
                        const error_code& error, std::size_t /*bytes*/) {
                      if (self->is_over(error)) {
                        self->close();
                      } else {
                        self->on_written(keep_alive);
                      }
                    });
}

void HttpConnection::on_written(bool keep_alive) {
  body_.reset();
  if (!keep_alive) {
    linger();
    return;
  }
  is_idle_ = input_.empty();
  allow(is_idle_ ? service_->limits.idle : service_->limits.header_deadline);
  // More requests may be waiting in the buffer.
  take_request();
}

void HttpConnection::linger() {
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) {
    close();
    return;
  }
  allow(kLinger);
  input_.resize(kReadBytes);
  drain(kLingerBytes);
}

void HttpConnection::drain(std::size_t budget) {
  socket_.async_read_some(asio::buffer(input_), [self = shared_from_this(), budget](
                                                    const error_code& error, std::size_t bytes) {
    if (self->is_over(error) || bytes >= budget) {
      self->close();
    } else {
      self->drain(budget - bytes);
    }
  });
}

}  // namespace baselined::net
