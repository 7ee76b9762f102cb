#include "tests/unit/broker/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <charconv>

namespace baselined::test {
namespace {

std::size_t content_length(const std::string& head) {
  constexpr std::string_view kName = "Content-Length: ";
  const std::size_t begin = head.find(kName);
  std::size_t length = 0;
  if (begin != std::string::npos) {
    std::from_chars(head.data() + begin + kName.size(), head.data() + head.size(), length);
  }
  return length;
}

// Head and body of one request; empty where the client closed.
std::string read_request(int descriptor, std::string& buffer, std::chrono::milliseconds pause) {
  std::size_t end = std::string::npos;
  std::size_t size = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos ||
         buffer.size() < (size = end + 4 + content_length(buffer.substr(0, end)))) {
    std::array<char, 65536> bytes{};
    std::this_thread::sleep_for(pause);
    const ssize_t got = ::recv(descriptor, bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      return {};
    }
    buffer.append(bytes.data(), static_cast<std::size_t>(got));
  }
  std::string request = buffer.substr(0, size);
  buffer.erase(0, size);
  return request;
}

// False where nothing more comes.
bool pass_on(int from, int to) {
  std::array<char, 65536> bytes{};
  const ssize_t got = ::recv(from, bytes.data(), bytes.size(), 0);
  return got > 0 && ::send(to, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
}

// A client that does not know may send its next request before it sees the end, and sends it twice.
std::string said_to_close(std::string answer) {
  const std::size_t end = answer.find("\r\n");
  if (answer.starts_with("HTTP/1.1 ") && end != std::string::npos) {
    answer.insert(end + 2, "Connection: close\r\n");
  }
  return answer;
}

}  // namespace

bool Peer::Link::send(std::string_view bytes) const {
  while (!bytes.empty() && !is_over_) {
    const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return !is_over_;
}

void Peer::Link::wait_for_close() const {
  std::array<char, 1024> bytes{};
  while (!is_over_ && ::recv(descriptor_, bytes.data(), bytes.size(), 0) > 0) {
  }
}

void Peer::Link::reset() const {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void Peer::Link::drip(std::string_view bytes, int milliseconds) const {
  for (const char& byte : bytes) {
    pollfd closed{descriptor_, POLLRDHUP, 0};
    if (!send({&byte, 1}) || ::poll(&closed, 1, milliseconds) != 0) {
      return;
    }
  }
}

void Peer::Link::connect_through(std::uint16_t port) const {
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  bool goes_on =
      ::connect(other, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  while (goes_on && !is_over_) {
    std::array<pollfd, 2> both{{{descriptor_, POLLIN, 0}, {other, POLLIN, 0}}};
    ::poll(both.data(), both.size(), 100);
    goes_on = (both[0].revents == 0 || pass_on(descriptor_, other)) &&
              (both[1].revents == 0 || pass_on(other, descriptor_));
  }
  ::close(other);
}

Peer::Peer(Answer answer, std::chrono::milliseconds pause)
    : answer_(std::move(answer)),
      pause_(pause),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, general, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, general, &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Peer::Peer(const std::vector<std::string>& answers)
    : Peer([answers](Link& link, std::size_t number, const std::string&) {
        link.send(said_to_close(answers[std::min(number, answers.size() - 1)]));
        return false;
      }) {}

Peer::~Peer() {
  is_over_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) {
      ::shutdown(descriptor, SHUT_RDWR);
    }
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  ::close(listener_);
}

void Peer::accept_all() {
  while (!is_over_) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) {
      continue;
    }
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.insert(descriptor);
    threads_.emplace_back([this, descriptor] { serve(descriptor); });
  }
}

void Peer::serve(int descriptor) {
  Link link(descriptor, is_over_);
  std::string buffer;
  bool goes_on = true;
  while (goes_on && !is_over_) {
    const std::string request = read_request(descriptor, buffer, pause_);
    if (request.empty()) {
      break;
    }
    std::size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = requests_.size();
      requests_.push_back(request);
    }
    goes_on = answer_(link, number, request);
  }
  const std::lock_guard lock(mutex_);
  open_.erase(descriptor);
  ::close(descriptor);
}

std::string Peer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

std::vector<std::string> Peer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string answer(std::string_view status, std::string_view headers, std::string_view body) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\n").append(headers);
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  return text.append(body);
}

std::string json_answer(std::string_view body) {
  return answer("200 OK", "Content-Type: application/json\r\n", body);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

}  // namespace baselined::test
