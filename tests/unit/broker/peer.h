// A server on 127.0.0.1 that plays what a test wrote, good or bad, and keeps what it was asked.
#pragma once

#include <netinet/in.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace baselined::test {

class Peer {
 public:
  // One connection of a client.
  class Link {
   public:
    Link(int descriptor, const std::atomic<bool>& is_over)
        : descriptor_(descriptor), is_over_(is_over) {}
    // False where the client is gone or the test is over.
    bool send(std::string_view bytes) const;
    // Until the client closes, or the test is over.
    void wait_for_close() const;
    // The client's next read fails instead of ending.
    void reset() const;
    // One byte each `milliseconds`.
    void drip(std::string_view bytes, int milliseconds) const;
    // What either side sends goes to the other, until one of them closes or the test is over.
    void connect_through(std::uint16_t port) const;

   private:
    int descriptor_;
    const std::atomic<bool>& is_over_;
  };

  // Answers the request with that number, from 0. False: the connection is closed.
  using Answer = std::function<bool(Link&, std::size_t number, const std::string& request)>;

  // It waits before each of its reads.
  explicit Peer(Answer answer, std::chrono::milliseconds pause = {});
  // The nth text answers the nth request, the last one all others; connections are closed.
  explicit Peer(const std::vector<std::string>& answers);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "") const;
  std::vector<std::string> requests() const;
  std::size_t count() const { return requests().size(); }
  std::size_t connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int descriptor);

  Answer answer_;
  std::chrono::milliseconds pause_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_over_ = false;
  std::atomic<std::size_t> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// "HTTP/1.1 200 OK", the headers (each line with its end), a length, and the body.
std::string answer(std::string_view status, std::string_view headers, std::string_view body);
std::string json_answer(std::string_view body);

std::string gzip(std::string_view text);

sockaddr_in loopback(std::uint16_t port);

}  // namespace baselined::test
