// Channel: frames over the daemon's end of the socket, as coroutines.
//
// Ownership: owns the socket and one buffer for what has been read.
// Threads: the control thread. One read and one send at a time.
// Errors: read() fails for a frame that breaks the protocol; a connection that ends or breaks, also
// in the middle of a frame, is the end of the stream, because a worker may die at any moment.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/host/descriptor.h"
#include "daemon/wire/frame.h"

namespace baselined::host {

struct Frame {
  wire::FrameType type = wire::FrameType::hello;
  std::string_view payload;  // valid until the next read
};

class Channel {
 public:
  Channel(boost::asio::io_context& context, Descriptor socket);

  // The next frame, or nothing at the end of the stream.
  boost::asio::awaitable<Result<std::optional<Frame>>> read();
  // False when the worker can no longer be reached.
  boost::asio::awaitable<bool> send(wire::FrameType type, std::string payload);

  // Lets read() finish what has arrived and then end, and ends a send() that waits, even if a stray
  // process holds the other end.
  void hang_up();
  void close();

 private:
  boost::asio::awaitable<bool> fill(std::size_t bytes);

  boost::asio::local::stream_protocol::socket socket_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // what has been read and not taken: [begin_, end_)
  std::size_t end_ = 0;
  std::uint32_t next_incoming_ = 0;
  std::uint32_t next_outgoing_ = 0;
  bool can_send_ = true;
};

}  // namespace baselined::host
