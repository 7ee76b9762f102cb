// The worker's side of the protocol for tests, with blocking calls and no manners: it sends what it
// is told to, right or wrong.
#pragma once

#include <string>
#include <string_view>

#include "daemon/wire/frame.h"
#include "daemon/wire/messages.h"

namespace baselined::host {

constexpr int kSocket = 4;
constexpr int kCancelPage = 5;

struct Answer {
  wire::FrameType type = wire::FrameType::start;
  std::string payload;
};

class FakeLink {
 public:
  void send(wire::FrameType type, std::string_view payload);
  void send_raw(std::string_view bytes);
  // Ends the program when the daemon is gone.
  Answer receive();

  // Hello, and the answer to it.
  Answer greet();
  // n_rows rows of stream 0, with names from `first`.
  void rows(int first, int n_rows);
  // Commit, and the answer to it. Where it is Refused, says so on standard error and ends.
  void commit(std::string_view key, std::string_view cursor);
  [[noreturn]] void done(std::uint8_t status = 0);
  void report(std::uint8_t code, std::string_view text, std::int64_t retry_after_ms = 0);

  void skip_id() { ++next_; }

 private:
  std::uint32_t next_ = 0;
};

bool is_cancelled();
[[noreturn]] void wait_for_ever();
std::string row_payload(std::uint32_t stream, std::uint32_t n_columns, int first, int n_rows);

}  // namespace baselined::host
