// A ControlServer on a loop of its own, in a directory of its own, and a client that sends raw
// bytes.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/control/control.h"
#include "tests/unit/net/loop_thread.h"

namespace baselined::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(testing::TempDir() + "control-XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::filesystem::path operator/(std::string_view name) const {
    return std::filesystem::path(path_) / name;
  }

 private:
  std::string path_;
};

class RunningControl {
 public:
  explicit RunningControl(control::ControlServer::Handler handler,
                          control::ControlLimits limits = {}) {
    loop_.run([&] {
      auto server =
          control::ControlServer::listen(loop_.context(), path(), std::move(handler), limits);
      if (server) {
        server_ = *std::move(server);
      }
    });
    EXPECT_NE(server_, nullptr);
  }
  // NOLINTNEXTLINE(bugprone-exception-escape): ends the test, as it should
  ~RunningControl() {
    if (server_) {
      loop_.run([this] { server_.reset(); });
    }
  }
  RunningControl(const RunningControl&) = delete;
  RunningControl& operator=(const RunningControl&) = delete;

  std::filesystem::path path() const { return directory_ / "control.sock"; }
  LoopThread& loop() { return loop_; }
  // Stops and returns when no operation is pending any more.
  void stop_and_join() {
    loop_.run([this] {
      server_->stop();
      server_.reset();
    });
    loop_.join_when_idle();
  }

 private:
  TemporaryDirectory directory_;
  LoopThread loop_;
  std::unique_ptr<control::ControlServer> server_;
};

class RawControlClient {
 public:
  explicit RawControlClient(const std::filesystem::path& path)
      : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{20, 0};  // a test that waits longer than this has failed
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              0);
  }
  ~RawControlClient() { ::close(descriptor_); }
  RawControlClient(const RawControlClient&) = delete;
  RawControlClient& operator=(const RawControlClient&) = delete;

  RawControlClient& send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) {
        break;
      }
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return *this;
  }
  RawControlClient& half_close() {
    ::shutdown(descriptor_, SHUT_WR);
    return *this;
  }
  // Waits until the server has closed, without reading what it sent.
  void wait_for_close() {
    pollfd poll{descriptor_, 0, 0};  // POLLHUP is always reported
    ::poll(&poll, 1, 20000);
  }
  // Everything until the server closes; "(timeout)" after 20 s of nothing.
  std::string rest() {
    std::string all;
    std::array<char, 65536> bytes{};
    ssize_t size = 0;
    while ((size = ::recv(descriptor_, bytes.data(), bytes.size(), 0)) > 0) {
      all.append(bytes.data(), static_cast<std::size_t>(size));
    }
    return size < 0 && errno == EAGAIN ? all + "(timeout)" : all;
  }

 private:
  int descriptor_;
};

}  // namespace baselined::test
