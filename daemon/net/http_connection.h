// One client of the HTTP server: reads heads, answers them in order, and never outstays its time.
//
//   head  -> (complete) -> write -> (keep-alive) -> idle -> (first byte) -> head
//   head  -> (refused)  -> write -> linger -> closed
// Every state has an allowance of time; one timer per connection watches the current one. Lingering
// reads what the client still sends, so that closing does not destroy the answer on its way.
// Ownership: the HttpService holds connections that are open; pending operations hold theirs too.
// Threads: that of the io_context.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <string>

#include "daemon/net/head_scanner.h"
#include "daemon/net/http_server.h"
#include "daemon/net/request_head.h"

namespace baselined::net {

class HttpConnection;

// What the connections of one server share.
struct HttpService {
  HttpServer::Handler handler;
  HttpLimits limits;
  std::set<std::shared_ptr<HttpConnection>> connections;

  // Closes the connection that has used the largest part of its allowance: a client that has just
  // come has used none. False where there is no connection.
  bool close_one();
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<HttpService> service);

  void start();
  void close();
  // 0: just begun; 1: its time is over.
  double used_share() const;

 private:
  using TimePoint = boost::asio::steady_timer::time_point;

  // Also true for an operation that succeeded just before the connection was closed.
  bool is_over(const boost::system::error_code& error) const;
  void allow(std::chrono::milliseconds time);
  void watch();
  void read();
  void on_read(std::size_t bytes);
  void take_request();
  HttpResponse call_handler(const RequestHead& request) const;
  void refuse(unsigned status);
  void write(const RequestHead& request, HttpResponse response);
  void on_written(bool keep_alive);
  void linger();
  void drain(std::size_t budget);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<HttpService> service_;
  bool is_watched_ = false;
  bool is_idle_ = false;
  TimePoint begun_;
  TimePoint deadline_;
  std::string input_;
  HeadScanner scanner_;
  std::string head_;
  std::shared_ptr<const std::string> body_;
};

}  // namespace baselined::net
