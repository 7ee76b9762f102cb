#include "cursor.h"

namespace baselined::git {
namespace {

constexpr std::string_view kVersion = "1";

std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

}  // namespace

std::string encode(const Cursor& cursor) {
  return std::string(kVersion) + ' ' + cursor.refs + ' ' + cursor.settings + ' ' + cursor.identity;
}

Cursor decode_cursor(std::string_view text) {
  if (take_word(text) != kVersion) {
    return {};
  }
  Cursor cursor;
  cursor.refs = std::string(take_word(text));
  cursor.settings = std::string(take_word(text));
  cursor.identity = std::string(text);
  return cursor;
}

}  // namespace baselined::git
