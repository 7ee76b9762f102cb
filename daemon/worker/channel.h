// The worker's end of the socket to the daemon: blocking frames in both directions.
//
// The daemon may refuse a run at any time; the frame is seen by whoever waits next, to send or to
// receive. After the first failure every call fails in the same way.
// Ownership: the descriptor stays the caller's.
// Threads: one thread.
// Errors: what Refused says (its code and text), cancelled for a daemon that is gone, internal for
// a protocol violation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/wire/frame.h"

namespace baselined::worker {

class Channel {
 public:
  explicit Channel(int descriptor) : descriptor_(descriptor) {}

  // Blocks while the daemon does not read (back-pressure).
  Status send(wire::FrameType type, std::string_view payload);
  // The payload of the next frame, which must be of this type. Valid until the next call.
  Result<std::string_view> receive(wire::FrameType expected);

 private:
  Error fail(Error error);
  Result<wire::FrameType> read_frame();
  Status read_exactly(char* out, std::size_t size);
  Error unexpected(wire::FrameType type);

  int descriptor_;
  std::uint32_t next_sent_ = 0;
  std::uint32_t next_received_ = 0;
  std::string frame_;    // the last one that was sent
  std::string payload_;  // of the last one that was received
  std::optional<Error> failure_;
};

}  // namespace baselined::worker
