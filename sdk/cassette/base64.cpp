#include "base64.h"

#include <cstdint>

namespace baselined::cassette {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t index = 0; index < 3; ++index) {
      bits = (bits << 8U) | (index < group.size() ? static_cast<unsigned char>(group[index]) : 0U);
    }
    for (std::size_t index = 0; index < 4; ++index) {
      out += index > group.size() ? '=' : kDigits[(bits >> (18 - 6 * index)) & 63U];
    }
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::uint32_t bits = 0;
    std::size_t digits = 0;
    for (const char c : text.substr(at, 4)) {
      const std::size_t digit = kDigits.find(c);
      bits =
          (bits << 6U) | (digit == std::string_view::npos ? 0U : static_cast<std::uint32_t>(digit));
      digits += digit == std::string_view::npos ? 0U : 1U;
    }
    for (std::size_t index = 0; index + 1 < digits; ++index) {
      out += static_cast<char>((bits >> (16 - 8 * index)) & 255U);
    }
  }
  if (to_base64(out) != text) {
    return std::nullopt;
  }
  return out;
}

}  // namespace baselined::cassette
