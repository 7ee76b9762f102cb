#include "daemon/expose/label.h"

#include <cstdint>

namespace baselined::expose {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<std::uint8_t>(text[index]) : 0;
}

bool continues(std::string_view text, std::size_t from, std::size_t count) {
  for (std::size_t index = from; index < from + count; ++index) {
    if ((byte_at(text, index) & 0xC0U) != 0x80U) {
      return false;
    }
  }
  return true;
}

// Bytes of the character at the front, 0 where it is none (RFC 3629, table 3-7 of Unicode).
std::size_t character_size(std::string_view text) {
  const std::uint8_t first = byte_at(text, 0);
  const std::uint8_t second = byte_at(text, 1);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return continues(text, 1, 1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return !overlong && !surrogate && continues(text, 1, 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool too_large = first == 0xF4 && second > 0x8F;
    return !overlong && !too_large && continues(text, 1, 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string clean_utf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    clean.append(size == 0 ? kReplacement : text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return clean;
}

std::string clean_help(std::string_view text) {
  std::string clean;
  for (const char character : clean_utf8(text)) {
    const bool control = static_cast<unsigned char>(character) < 0x20;
    clean.push_back(control ? ' ' : character);
    if (character == '\\') {
      clean.push_back('\\');
    }
  }
  return clean;
}

std::string clean_name(std::string_view text) {
  std::string clean(text);
  for (char& character : clean) {
    const bool allowed = (character >= 'a' && character <= 'z') ||
                         (character >= 'A' && character <= 'Z') ||
                         (character >= '0' && character <= '9') || character == '_';
    character = allowed ? character : '_';
  }
  return clean;
}

}  // namespace baselined::expose
