#include "json_text.h"

#include <charconv>
#include <cstdint>

namespace baselined::sdk {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

// Bytes after the first one of a character, and the smallest character that may need them; a first
// byte that does not exist has none and a smallest character that nothing reaches.
struct Lead {
  std::size_t more;
  std::uint32_t bits;
  std::uint32_t smallest;
};

Lead lead_of(unsigned char first) {
  if (first < 0x80) {
    return {0, first, 0};
  }
  if (first >= 0xC0 && first < 0xE0) {
    return {1, first & 0x1FU, 0x80};
  }
  if (first >= 0xE0 && first < 0xF0) {
    return {2, first & 0x0FU, 0x800};
  }
  if (first >= 0xF0 && first < 0xF8) {
    return {3, first & 0x07U, 0x10000};
  }
  return {0, 0, UINT32_MAX};
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      out.append(1, '\\').append(1, character);
    } else if (character == '\n') {
      out.append("\\n");
    } else if (character == '\t') {
      out.append("\\t");
    } else if (byte < 0x20) {
      out.append("\\u00").append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
    } else {
      out.append(1, character);
    }
  }
  return out.append("\"");
}

std::string json_number(double value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof(text), value);
  return {text, result.ptr};
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    out.append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Lead lead = lead_of(static_cast<unsigned char>(text[0]));
    if (text.size() <= lead.more) {
      return false;
    }
    std::uint32_t character = lead.bits;
    for (std::size_t index = 1; index <= lead.more; ++index) {
      const auto byte = static_cast<unsigned char>(text[index]);
      if ((byte & 0xC0U) != 0x80) {
        return false;
      }
      character = (character << 6U) | (byte & 0x3FU);
    }
    const bool is_surrogate = character >= 0xD800 && character < 0xE000;
    if (character < lead.smallest || is_surrogate || character > 0x10FFFF) {
      return false;
    }
    text.remove_prefix(lead.more + 1);
  }
  return true;
}

}  // namespace baselined::sdk
