// scrape_bench PORT SECONDS: /metrics of a daemon on loopback, asked again and again over two
// connections that stay open, beside the same answer sent by a thread that does nothing else.
// Prints one JSON object.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kRequest =
    "GET /metrics HTTP/1.1\r\nHost: localhost\r\nUser-Agent: scrape_bench\r\n\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kLength = "content-length: ";
constexpr int kConnections = 2;

[[noreturn]] void fail(std::string_view what) {
  fmt::print(stderr, "scrape_bench: {}\n", what);
  std::exit(1);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int new_socket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) {
    fail("cannot make a socket");
  }
  return socket;
}

// A client that keeps its connection.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(new_socket()), buffer_(std::size_t{1} << 20U) {
    const sockaddr_in address = loopback(port);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      fail("nobody listens at this port");
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  // The bytes of one answer, head and body.
  std::size_t get() {
    if (::send(socket_, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(kRequest.size())) {
      fail("the server does not read");
    }
    std::size_t received = 0;
    std::size_t whole = 0;
    while (whole == 0 || received < whole) {
      if (received == buffer_.size()) {
        buffer_.resize(2 * buffer_.size());
      }
      const auto more = ::recv(socket_, buffer_.data() + received, buffer_.size() - received, 0);
      if (more <= 0) {
        fail("the server closed the connection");
      }
      received += static_cast<std::size_t>(more);
      if (whole == 0) {
        whole = size_of_answer({buffer_.data(), received});
      }
    }
    return whole;
  }

  std::string_view last(std::size_t size) const { return {buffer_.data(), size}; }

 private:
  // 0: the head is not complete yet.
  static std::size_t size_of_answer(std::string_view received) {
    const std::size_t end = received.find(kHeadEnd);
    if (end == std::string_view::npos) {
      return 0;
    }
    std::string head(received.substr(0, end));
    std::transform(head.begin(), head.end(), head.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::size_t found = head.find(kLength);
    std::size_t length = 0;
    if (!head.starts_with("http/1.1 200") || found == std::string::npos) {
      fail("the answer is not 200 with a length");
    }
    std::from_chars(head.data() + found + kLength.size(), head.data() + head.size(), length);
    return end + kHeadEnd.size() + length;
  }

  int socket_;
  std::vector<char> buffer_;
};

// Sends one answer, whatever it is asked.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : listener_(new_socket()), answer_(std::move(answer)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, kConnections) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      fail("cannot listen");
    }
    port_ = ntohs(address.sin_port);
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;
  ~OneAnswer() { ::close(listener_); }

  std::uint16_t port() const { return port_; }

  void serve_one_connection() const {
    const int client = ::accept(listener_, nullptr, nullptr);
    const int on = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::vector<char> request(4096);
    while (::recv(client, request.data(), request.size(), 0) > 0) {
      if (::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL) < 0) {
        break;
      }
    }
    ::close(client);
  }

 private:
  int listener_;
  std::string answer_;
  std::uint16_t port_ = 0;
};

double scrapes_per_second(std::uint16_t port, double seconds) {
  std::atomic<std::int64_t> count{0};
  std::vector<std::thread> threads;
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration<double>(seconds);
  for (int n = 0; n < kConnections; ++n) {
    threads.emplace_back([&] {
      Client client(port);
      while (Clock::now() < end) {
        client.get();
        count.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return static_cast<double>(count.load()) /
         std::chrono::duration<double>(Clock::now() - begin).count();
}

double reference(std::string answer, double seconds) {
  const OneAnswer server(std::move(answer));
  std::vector<std::thread> threads;
  for (int n = 0; n < kConnections; ++n) {
    threads.emplace_back([&server] { server.serve_one_connection(); });
  }
  const double rate = scrapes_per_second(server.port(), seconds);
  for (std::thread& thread : threads) {
    thread.join();
  }
  return rate;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fail("usage: scrape_bench PORT SECONDS");
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const double seconds = std::atof(argv[2]);
  std::string answer;
  {
    Client client(port);
    const std::size_t size = client.get();
    answer = client.last(size);
  }
  const std::size_t bytes = answer.size();
  const double rate = scrapes_per_second(port, seconds);
  fmt::print("{{\"bytes\": {}, \"per_second\": {:.0f}, \"reference_per_second\": {:.0f}}}\n", bytes,
             rate, reference(std::move(answer), seconds));
}
