// An io_context that turns on a thread of its own for as long as a test needs it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <thread>
#include <utility>

namespace baselined::test {

class LoopThread {
 public:
  LoopThread() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}
  ~LoopThread() {
    work_.reset();
    context_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  boost::asio::io_context& context() { return context_; }

  // Runs it on the loop's thread and waits for it.
  void run(std::function<void()> call) {
    std::promise<void> done;
    boost::asio::post(context_, [&] {
      call();
      done.set_value();
    });
    done.get_future().wait();
  }

  // Returns when nothing is pending any more: hangs, and fails by timeout, where something is left.
  void join_when_idle() {
    work_.reset();
    thread_.join();
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace baselined::test
