#include "daemon/host/channel.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

namespace baselined::host {
namespace {

namespace asio = boost::asio;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = std::size_t{256} << 10U;

}  // namespace

Channel::Channel(asio::io_context& context, Descriptor socket)
    : socket_(context, asio::local::stream_protocol(), socket.release()), buffer_(kReadBytes) {}

// Until at least `bytes` are there.
asio::awaitable<bool> Channel::fill(std::size_t bytes) {
  if (end_ - begin_ >= bytes) {
    co_return true;
  }
  if (buffer_.size() - begin_ < bytes) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < bytes) {
      buffer_.resize(bytes);
    }
  }
  while (end_ - begin_ < bytes) {
    const auto space = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
    const auto [error, count] = co_await socket_.async_read_some(space, kAwait);
    if (error) {
      co_return false;
    }
    end_ += count;
  }
  co_return true;
}

asio::awaitable<Result<std::optional<Frame>>> Channel::read() {
  if (begin_ == end_) {
    begin_ = 0;
    end_ = 0;
  }
  if (const bool has_header = co_await fill(wire::kHeaderBytes); !has_header) {
    co_return std::optional<Frame>();
  }
  BL_CO_TRY(const wire::FrameHeader header,
            wire::decode_header({buffer_.data() + begin_, wire::kHeaderBytes}));
  if (header.id != next_incoming_) {
    co_return Error(Error::Code::internal,
                    fmt::format("frame {} came where {} was due", header.id, next_incoming_));
  }
  ++next_incoming_;
  begin_ += wire::kHeaderBytes;
  if (const bool has_payload = co_await fill(header.length); !has_payload) {
    co_return std::optional<Frame>();
  }
  const Frame frame{header.type, {buffer_.data() + begin_, header.length}};
  begin_ += header.length;
  co_return std::optional<Frame>(frame);
}

asio::awaitable<bool> Channel::send(wire::FrameType type, std::string payload) {
  // After a failure Asio would wait for an event that has been.
  if (!can_send_) {
    co_return false;
  }
  std::string frame;
  wire::append_frame(frame, type, next_outgoing_++, payload);
  const auto bytes = asio::buffer(frame);
  const auto [error, count] = co_await asio::async_write(socket_, bytes, kAwait);
  can_send_ = !error;
  co_return can_send_;
}

void Channel::hang_up() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
}

void Channel::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace baselined::host
