// One client of the control socket: reads its request, queues the answers, closes.
//
// Ownership: pending operations and the client's Exchange hold the connection; the service holds
// those that are open. The Exchange's end is the connection's end, once what is queued is written.
// Threads: that of the io_context.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "daemon/control/control.h"

namespace baselined::control {

class Connection;

// What the connections of one server share.
struct Service {
  ControlServer::Handler handler;
  ControlLimits limits;
  std::set<std::shared_ptr<Connection>> connections;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::local::stream_protocol::socket socket, std::shared_ptr<Service> service);

  void start();
  void close();
  // Answers with an error and closes.
  void refuse(const Error& error);
  void send(const json::object& line);
  // Nothing more will be sent: close when the queue is written, or its deadline is over.
  void end();

 private:
  void allow(std::chrono::milliseconds time);
  void read();
  void take_request(std::size_t end);
  void write();
  bool is_over(const boost::system::error_code& error) const;

  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<Service> service_;
  std::string input_;
  std::string queued_;
  std::string writing_;
  bool has_ended_ = false;
};

}  // namespace baselined::control
