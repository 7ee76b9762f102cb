#include "daemon/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace baselined {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// Bytes of the character that text (not empty) starts with; 0 when it is none.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) {
    return 1;
  }
  // The second byte has a narrower range after some first ones: overlong forms, surrogates, the
  // end.
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 0 || first > 0xF4 || text.size() < length) {
    return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const unsigned lowest = first == 0xE0 ? 0xA0U : first == 0xF0 ? 0x90U : 0x80U;
  const unsigned highest = first == 0xED ? 0x9FU : first == 0xF4 ? 0x8FU : 0xBFU;
  if (second < lowest || second > highest) {
    return 0;
  }
  for (std::size_t index = 2; index < length; ++index) {
    if (!is_continuation(text[index])) {
      return 0;
    }
  }
  return length;
}

// How many bytes at the start are ASCII, eight at a time.
std::size_t ascii_length(std::string_view text) {
  std::size_t length = 0;
  for (std::uint64_t word = 0; text.size() - length >= sizeof(word); length += sizeof(word)) {
    std::memcpy(&word, text.data() + length, sizeof(word));
    if ((word & 0x8080808080808080U) != 0) {
      break;
    }
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (true) {
    text.remove_prefix(ascii_length(text));
    if (text.empty()) {
      return true;
    }
    const std::size_t length = character_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
}

std::string clean_utf8(std::string_view text, std::size_t max_bytes) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view next = length == 0 ? kReplacement : text.substr(0, length);
    if (next.size() > max_bytes - clean.size()) {
      break;
    }
    clean.append(next);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

}  // namespace baselined
