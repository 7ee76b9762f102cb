// Frames between daemon and worker, over a stream socket.
//
//   u32 length | u8 type | u8 flags | u16 0 | u32 id      little-endian, then `length` bytes
//
// The payload is one CBOR array (RFC 8949; definite lengths, integers, doubles, text, bytes, null,
// booleans, tag 4000 + text for a decimal, tag 4001 + integer for a time), so that any CBOR tool
// can print a dump. Both ends come from one build and refuse each other otherwise (Hello), so there
// is no schema evolution here. Anything unexpected is a protocol violation: an internal error, and
// the end of the run.
// Threads: pure functions and values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace baselined::wire {

enum class FrameType : std::uint8_t {
  // worker to daemon
  hello = 1,
  rows,
  remove,
  begin_scope,
  coverage,
  open_set_put,
  open_set_get,
  cursor_get,
  commit,
  log,
  error,
  progress,
  done,
  http,
  // daemon to worker
  start = 64,
  open_set,
  cursor,
  committed,
  refused,
  http_head,
  http_body,
};

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kMaxPayloadBytes = std::size_t{1} << 20U;

struct FrameHeader {
  std::uint32_t length = 0;
  FrameType type = FrameType::hello;
  std::uint32_t id = 0;  // counts the frames of one direction from 0: a lost frame shows
};

// Reads kHeaderBytes. Refuses unknown types, flags, and lengths over kMaxPayloadBytes.
Result<FrameHeader> decode_header(std::string_view bytes);

using HeaderBytes = std::array<char, kHeaderBytes>;
// For a writer that sends header and payload without joining them.
HeaderBytes encode_header(const FrameHeader& header);
// Appends header and payload. A payload above kMaxPayloadBytes is a bug of the caller.
void append_frame(std::string& out, FrameType type, std::uint32_t id, std::string_view payload);

}  // namespace baselined::wire
