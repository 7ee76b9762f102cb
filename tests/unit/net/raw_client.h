// A TCP client that sends exactly the bytes a test wants, good or bad.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace baselined::test {

class RawClient {
 public:
  RawClient() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{20, 0};  // a test that waits longer than this has failed
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }
  explicit RawClient(std::uint16_t port) : RawClient() { connect(port); }
  ~RawClient() { ::close(descriptor_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
           0;
  }

  // What the server no longer wants to read is lost, as in real life.
  RawClient& send(std::string_view bytes) {
    while (!bytes.empty() && send_some(bytes)) {
    }
    return *this;
  }

  // Takes what was sent off the front. False where the server has closed.
  bool send_some(std::string_view& bytes) {
    const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return size > 0;
  }

  RawClient& half_close() {
    ::shutdown(descriptor_, SHUT_WR);
    return *this;
  }

  // Head and body of the next response; what there was where the connection ended before.
  std::string response(bool has_body = true) {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos && fill()) {
    }
    std::size_t size = end == std::string::npos ? buffer_.size() : end + 4;
    if (has_body && end != std::string::npos) {
      size += content_length();
    }
    while (buffer_.size() < size && fill()) {
    }
    std::string response = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return response;
  }

  // Everything until the server closes.
  std::string rest() {
    while (fill()) {
    }
    return std::move(buffer_);
  }

  // True where the server closed without another byte; false also after 20 s of nothing.
  bool is_closed() {
    std::array<char, 1> byte{};
    const ssize_t size = ::recv(descriptor_, byte.data(), byte.size(), 0);
    return size == 0 || (size < 0 && errno == ECONNRESET);
  }

  // Waits until the server has given up the connection, without reading what it sent.
  void wait_for_reset() {
    pollfd poll{descriptor_, POLLERR | POLLHUP, 0};
    ::poll(&poll, 1, 20000);
  }

 private:
  bool fill() {
    std::array<char, 65536> bytes{};
    const ssize_t size = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (size <= 0) {
      return false;
    }
    buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
  }

  std::size_t content_length() const {
    constexpr std::string_view kName = "Content-Length: ";
    const std::size_t begin = buffer_.find(kName);
    std::size_t length = 0;
    if (begin != std::string::npos) {
      const char* text = buffer_.data() + begin + kName.size();
      std::from_chars(text, buffer_.data() + buffer_.size(), length);
    }
    return length;
  }

  int descriptor_;
  std::string buffer_;
};

}  // namespace baselined::test
