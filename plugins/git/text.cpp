#include "text.h"

#include <chrono>
#include <cstdio>
#include <optional>

#include "handle.h"

namespace baselined::git {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::size_t kEscapeSize = 4;  // \xE9

bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

// Is the code point one that UTF-8 may encode in this many bytes (no overlong form, no surrogate)?
bool is_allowed(std::uint32_t point, std::size_t length) {
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  return point >= kSmallest[length] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
}

// Bytes of the valid sequence at the start of text, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC0 || first > 0xF4 || text.size() < length) {
    return 0;
  }
  std::uint32_t point = first & (0x7FU >> length);
  for (std::size_t at = 1; at < length; ++at) {
    if (!is_continuation(byte(at))) {
      return 0;
    }
    point = (point << 6U) | (byte(at) & 0x3FU);
  }
  return is_allowed(point, length) ? length : 0;
}

std::string escape(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return {'\\', 'x', kHexDigits[value >> 4U], kHexDigits[value & 0x0FU]};
}

// The byte that the start of this text stands for, where escape() may have made it.
std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < kEscapeSize || !text.starts_with("\\x")) {
    return std::nullopt;
  }
  const std::size_t high = kHexDigits.find(text[2]);
  const std::size_t low = kHexDigits.find(text[3]);
  if (high == std::string_view::npos || low == std::string_view::npos) {
    return std::nullopt;
  }
  const auto byte = static_cast<char>(high << 4U | low);
  return high >= 8 || byte == '\\' ? std::optional(byte) : std::nullopt;
}

}  // namespace

std::string make_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0 || escaped_byte(bytes)) {
      text += escape(bytes.front());
      bytes.remove_prefix(1);
    } else {
      text += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return text;
}

std::string original_bytes(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const std::optional<char> byte = escaped_byte(text);
    bytes += byte.value_or(text.front());
    text.remove_prefix(byte ? kEscapeSize : 1);
  }
  return bytes;
}

std::string lower_ascii(std::string text) {
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') {
      letter = static_cast<char>(letter - 'A' + 'a');
    }
  }
  return text;
}

std::string to_hex(const git_oid& id) {
  std::string hex(GIT_OID_HEXSZ, '0');
  git_oid_fmt(hex.data(), &id);
  return hex;
}

std::string fingerprint(std::string_view bytes) {
  git_oid hash;
  check(git_odb_hash(&hash, bytes.data(), bytes.size(), GIT_OBJECT_BLOB), "a hash failed");
  return to_hex(hash);
}

std::string to_date(std::int64_t seconds) {
  const std::chrono::sys_seconds at{std::chrono::seconds(seconds)};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace baselined::git
