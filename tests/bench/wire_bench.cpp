// wire_bench ROWS: rows of 8 cells from one thread to another, through the frames and the socket
// that worker and daemon use, beside the same bytes copied through the same kind of socket.
// Prints one JSON object.
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "daemon/wire/frame.h"
#include "daemon/wire/rows.h"
#include "daemon/worker/channel.h"
#include "tests/bench/must.h"

namespace baselined {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Sockets {
  Sockets() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      std::exit(1);
    }
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  ~Sockets() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  std::array<int, 2> ends{};
};

void send_rows(int socket, std::int64_t rows) {
  worker::Channel channel(socket);
  wire::RowsWriter writer(0, 8);
  for (std::int64_t n = 0; n < rows; ++n) {
    const std::array<Cell, 8> row = {Cell::of_text("github.com/example/shop"),
                                     Cell::of_text("0123456789abcdef0123456789abcdef01234567"),
                                     Cell::of_integer(1'700'000'000'000'000 + n, CellType::time),
                                     Cell::of_integer(n),
                                     Cell::of_integer(n % 1000),
                                     Cell::of_real(0.5),
                                     Cell::of_integer(n % 2, CellType::boolean),
                                     Cell()};
    must(writer.add(row));
    if (writer.size() > wire::kRowsFlushBytes) {
      must(channel.send(wire::FrameType::rows, writer.take()));
    }
  }
  must(channel.send(wire::FrameType::rows, writer.take()));
}

struct Received {
  std::int64_t rows = 0;
  std::int64_t sum = 0;  // of cells: they have been read
  std::int64_t bytes = 0;
};

Received receive_rows(int socket, std::int64_t rows) {
  worker::Channel channel(socket);
  Received received;
  while (received.rows < rows) {
    const std::string_view payload = must(channel.receive(wire::FrameType::rows));
    received.bytes += static_cast<std::int64_t>(payload.size() + wire::kHeaderBytes);
    auto reader = must(wire::RowsReader::open(payload));
    for (auto row = must(reader.next()); !row.empty(); row = must(reader.next())) {
      ++received.rows;
      received.sum += row[3].integer + row[1].size;
    }
  }
  return received;
}

double copy_bytes(std::int64_t bytes) {
  Sockets sockets;
  std::vector<char> buffer(wire::kRowsFlushBytes, 'x');
  const auto begin = SteadyClock::now();
  std::thread sender([&] {
    std::int64_t sent = 0;
    while (sent < bytes) {
      const auto written = ::send(sockets.ends[0], buffer.data(), buffer.size(), MSG_NOSIGNAL);
      if (written <= 0) {
        std::exit(1);
      }
      sent += written;
    }
  });
  std::vector<char> into(buffer.size());
  std::int64_t received = 0;
  while (received < bytes) {
    const auto read = ::recv(sockets.ends[1], into.data(), into.size(), 0);
    if (read <= 0) {
      std::exit(1);
    }
    received += read;
  }
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  ::shutdown(sockets.ends[1], SHUT_RDWR);
  sender.join();
  return seconds;
}

int run(std::int64_t rows) {
  Sockets sockets;
  const auto begin = SteadyClock::now();
  std::thread sender([&] { send_rows(sockets.ends[0], rows); });
  const Received received = receive_rows(sockets.ends[1], rows);
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  sender.join();
  fmt::print("{{\"rows\": {}, \"sum\": {}, \"rows_seconds\": {:.3f}, \"copy_seconds\": {:.3f}}}\n",
             received.rows, received.sum, seconds, copy_bytes(received.bytes));
  return 0;
}

}  // namespace
}  // namespace baselined

int main(int argc, char** argv) {
  return baselined::run(argc > 1 ? std::atoll(argv[1]) : 10'000'000);
}
