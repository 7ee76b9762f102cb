#include "daemon/expose/gzip.h"

#include <zlib.h>

#include <limits>

#include "daemon/base/result.h"

namespace baselined::expose {
namespace {

// RFC 1952: magic, deflate, no flags, no time, no extra flags, Unix.
constexpr std::string_view kHeader("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
// RFC 1951: an empty block with fixed codes that is the last one.
constexpr std::string_view kLastBlock("\x03\x00", 2);
constexpr int kRawDeflate = -15;
constexpr int kMemoryLevel = 8;

void append_little_endian(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  }
}

}  // namespace

DeflatedPart deflate_part(std::string_view text, Effort effort) {
  BL_ASSERT(text.size() <= std::numeric_limits<uInt>::max() / 2);
  z_stream stream{};
  const int level = effort == Effort::fast ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION;
  // The only failure of these calls, with these arguments, is lack of memory.
  BL_ASSERT(deflateInit2(&stream, level, Z_DEFLATED, kRawDeflate, kMemoryLevel,
                         Z_DEFAULT_STRATEGY) == Z_OK);
  DeflatedPart part;
  // deflateBound is for Z_FINISH; a full flush adds at most one empty stored block.
  part.blocks.resize(deflateBound(&stream, text.size()) + 16);
  // zlib's next_in is not const; deflate does not write to it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(part.blocks.data());
  stream.avail_out = static_cast<uInt>(part.blocks.size());
  BL_ASSERT(text.empty() || deflate(&stream, Z_FULL_FLUSH) == Z_OK);
  BL_ASSERT(stream.avail_in == 0 && (text.empty() || stream.avail_out > 0));
  part.blocks.resize(stream.total_out);
  part.blocks.shrink_to_fit();
  deflateEnd(&stream);
  part.crc = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
  part.size = text.size();
  return part;
}

std::string join_gzip(std::span<const DeflatedPart* const> parts) {
  std::size_t bytes = kHeader.size() + kLastBlock.size() + 8;
  for (const DeflatedPart* part : parts) {
    bytes += part->blocks.size();
  }
  std::string member;
  member.reserve(bytes);
  member.append(kHeader);
  uLong crc = 0;
  std::uint64_t size = 0;
  for (const DeflatedPart* part : parts) {
    member.append(part->blocks);
    crc = crc32_combine(crc, part->crc, static_cast<z_off_t>(part->size));
    size += part->size;
  }
  member.append(kLastBlock);
  append_little_endian(member, static_cast<std::uint32_t>(crc));
  append_little_endian(member, static_cast<std::uint32_t>(size));
  return member;
}

}  // namespace baselined::expose
