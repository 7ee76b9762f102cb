// The subset of CBOR (RFC 8949) that payloads use. Internal to this folder.
//
// Heads may have any width when read; what is written is the shortest, but for counts that are
// patched later. Indefinite lengths, maps, half and single floats, and other tags are refused.
// Threads: pure functions and values.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace baselined::wire::cbor {

enum class Major : std::uint8_t {
  unsigned_integer = 0,
  negative_integer = 1,
  bytes = 2,
  text = 3,
  array = 4,
  tag = 6,
  simple = 7,
};

constexpr std::uint64_t kDecimalTag = 4000;
constexpr std::uint64_t kTimeTag = 4001;
constexpr std::uint8_t kFalse = 0xF4;
constexpr std::uint8_t kTrue = 0xF5;
constexpr std::uint8_t kNull = 0xF6;
constexpr std::uint8_t kDouble = 0xFB;

constexpr std::size_t kMaxHeadBytes = 9;

template <class Unsigned>
Unsigned swap_to_big_endian(Unsigned value) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof(Unsigned) == 8) {
    return __builtin_bswap64(value);
  } else if constexpr (sizeof(Unsigned) == 4) {
    return __builtin_bswap32(value);
  } else {
    return __builtin_bswap16(value);
  }
}

template <class Unsigned>
char* put_big_endian(char* out, Unsigned value) {
  const Unsigned swapped = swap_to_big_endian(value);
  std::memcpy(out, &swapped, sizeof(swapped));
  return out + sizeof(swapped);
}

// All put_ functions need room for what they write (kMaxHeadBytes, and the text) and return the
// end of it.
inline char* put_head(char* out, Major major, std::uint64_t value) {
  const auto high = static_cast<std::uint8_t>(static_cast<unsigned>(major) << 5U);
  if (value < 24) {
    *out = static_cast<char>(high | static_cast<std::uint8_t>(value));
    return out + 1;
  }
  if (value <= UINT8_MAX) {
    out[0] = static_cast<char>(high | 24U);
    out[1] = static_cast<char>(value);
    return out + 2;
  }
  if (value <= UINT16_MAX) {
    *out = static_cast<char>(high | 25U);
    return put_big_endian(out + 1, static_cast<std::uint16_t>(value));
  }
  if (value <= UINT32_MAX) {
    *out = static_cast<char>(high | 26U);
    return put_big_endian(out + 1, static_cast<std::uint32_t>(value));
  }
  *out = static_cast<char>(high | 27U);
  return put_big_endian(out + 1, value);
}

// Always five bytes, so that the value can be written after what follows it.
inline char* put_wide_head(char* out, Major major, std::uint32_t value) {
  *out = static_cast<char>((static_cast<unsigned>(major) << 5U) | 26U);
  return put_big_endian(out + 1, value);
}

inline char* put_integer(char* out, std::int64_t value) {
  return value >= 0 ? put_head(out, Major::unsigned_integer, static_cast<std::uint64_t>(value))
                    : put_head(out, Major::negative_integer, ~static_cast<std::uint64_t>(value));
}

inline char* put_double(char* out, double value) {
  *out = static_cast<char>(kDouble);
  return put_big_endian(out + 1, std::bit_cast<std::uint64_t>(value));
}

inline char* put_text(char* out, Major major, std::string_view text) {
  out = put_head(out, major, text.size());
  if (!text.empty()) {
    std::memcpy(out, text.data(), text.size());
  }
  return out + text.size();
}

// Reads from the front of a payload. Every read_ function answers false, and leaves the reader in
// no particular place, when the bytes are not what was asked for.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool at_end() const { return at_ == end_; }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  std::string_view rest() const { return {at_, remaining()}; }

  bool read_head(Major& major, std::uint64_t& value) {
    std::uint8_t initial = 0;
    if (!read_byte(initial)) {
      return false;
    }
    major = static_cast<Major>(initial >> 5U);
    return read_argument(initial, value);
  }

  bool read_head_of(Major expected, std::uint64_t& value) {
    Major major = Major::simple;
    return read_head(major, value) && major == expected;
  }

  bool read_integer(std::int64_t& value) {
    Major major = Major::simple;
    std::uint64_t magnitude = 0;
    return read_head(major, magnitude) && to_integer(major, magnitude, value);
  }

  bool read_text_of(Major expected, std::string_view& text) {
    std::uint64_t size = 0;
    return read_head_of(expected, size) && take(size, text);
  }

  bool read_byte(std::uint8_t& byte) {
    if (at_ == end_) {
      return false;
    }
    byte = static_cast<std::uint8_t>(*at_++);
    return true;
  }

  // The argument of a head whose initial byte was read; not for indefinite lengths.
  bool read_argument(std::uint8_t initial, std::uint64_t& value) {
    const unsigned width = initial & 0x1FU;
    switch (width) {
      case 24:
        return read_big_endian<std::uint8_t>(value);
      case 25:
        return read_big_endian<std::uint16_t>(value);
      case 26:
        return read_big_endian<std::uint32_t>(value);
      case 27:
        return read_big_endian<std::uint64_t>(value);
      default:
        value = width;
        return width < 24;
    }
  }

  // The eight bytes of a double; only finite ones.
  bool read_double_body(double& value) {
    std::uint64_t bits = 0;
    if (!read_big_endian<std::uint64_t>(bits)) {
      return false;
    }
    value = std::bit_cast<double>(bits);
    return std::isfinite(value);
  }

  bool take(std::uint64_t size, std::string_view& bytes) {
    if (size > remaining()) {
      return false;
    }
    bytes = {at_, size};
    at_ += size;
    return true;
  }

  static bool to_integer(Major major, std::uint64_t magnitude, std::int64_t& value) {
    if (magnitude > static_cast<std::uint64_t>(INT64_MAX)) {
      return false;
    }
    const auto positive = static_cast<std::int64_t>(magnitude);
    value = major == Major::negative_integer ? -1 - positive : positive;
    return major == Major::unsigned_integer || major == Major::negative_integer;
  }

 private:
  template <class Unsigned>
  bool read_big_endian(std::uint64_t& value) {
    if (remaining() < sizeof(Unsigned)) {
      return false;
    }
    if constexpr (sizeof(Unsigned) == 1) {
      value = static_cast<std::uint8_t>(*at_);
    } else {
      Unsigned raw = 0;
      std::memcpy(&raw, at_, sizeof(raw));
      value = swap_to_big_endian(raw);
    }
    at_ += sizeof(Unsigned);
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace baselined::wire::cbor
