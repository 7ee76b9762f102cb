#include "daemon/wire/frame.h"

#include <bit>
#include <cstring>

namespace baselined::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "frames are little-endian");

bool is_known(std::uint8_t type) {
  return (type >= static_cast<std::uint8_t>(FrameType::hello) &&
          type <= static_cast<std::uint8_t>(FrameType::http)) ||
         (type >= static_cast<std::uint8_t>(FrameType::start) &&
          type <= static_cast<std::uint8_t>(FrameType::http_body));
}

}  // namespace

Result<FrameHeader> decode_header(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) {
    return Error(Error::Code::internal, "a frame's header is cut off");
  }
  FrameHeader header;
  std::memcpy(&header.length, bytes.data(), 4);
  const auto type = static_cast<std::uint8_t>(bytes[4]);
  std::memcpy(&header.id, bytes.data() + 8, 4);
  if (!is_known(type)) {
    return Error(Error::Code::internal, "a frame of unknown type " + std::to_string(type));
  }
  if (bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0) {
    return Error(Error::Code::internal, "a frame with flags that do not exist");
  }
  if (header.length > kMaxPayloadBytes) {
    return Error(Error::Code::internal,
                 "a frame of " + std::to_string(header.length) + " bytes, more than the limit");
  }
  header.type = static_cast<FrameType>(type);
  return header;
}

HeaderBytes encode_header(const FrameHeader& header) {
  HeaderBytes bytes = {};
  std::memcpy(bytes.data(), &header.length, 4);
  bytes[4] = static_cast<char>(header.type);
  std::memcpy(bytes.data() + 8, &header.id, 4);
  return bytes;
}

void append_frame(std::string& out, FrameType type, std::uint32_t id, std::string_view payload) {
  BL_ASSERT(payload.size() <= kMaxPayloadBytes);
  const HeaderBytes header = encode_header({static_cast<std::uint32_t>(payload.size()), type, id});
  out.append(header.data(), header.size()).append(payload);
}

}  // namespace baselined::wire
