// Gzip in parts: text that is compressed once and joined with other parts for every answer.
//
// The parts of one answer become one gzip member, not several: curl --compressed stops with an
// error after the first member (measured with curl 7.88).
// Threads: pure functions and values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace baselined::expose {

// Whole deflate blocks that end on a byte and are not the last ones of a stream.
struct DeflatedPart {
  std::string blocks;
  std::uint32_t crc = 0;   // of the text
  std::uint64_t size = 0;  // of the text
};

enum class Effort : std::uint8_t { fast, best };

DeflatedPart deflate_part(std::string_view text, Effort effort);

// One gzip member that unpacks to the texts of the parts, in order.
std::string join_gzip(std::span<const DeflatedPart* const> parts);

}  // namespace baselined::expose
