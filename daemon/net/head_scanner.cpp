#include "daemon/net/head_scanner.h"

#include <algorithm>

namespace baselined::net {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_alphanumeric(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

// RFC 9110 5.6.2
bool is_token(std::string_view text) {
  constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char byte) {
    return is_alphanumeric(byte) || kPunctuation.find(byte) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return byte > ' ' && byte < '\x7F'; });
}

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

// "method SP target SP version", with an absolute path as the target.
unsigned check_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return 400;
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(line.substr(0, first)) || !is_visible(target)) {
    return 400;
  }
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7])) {
    return 400;
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return 505;
  }
  return target.starts_with('/') ? 0 : 400;
}

}  // namespace

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
  while (!is_broken_ && position_ < bytes.size()) {
    const bool was_empty_line = line_length_ == 0 && after_return_;
    const char byte = bytes[position_];
    ++position_;
    if (!accepts(byte)) {
      is_broken_ = true;
    } else if (byte == '\n' && was_empty_line) {
      return State::complete;
    }
  }
  return is_broken_ ? State::broken : State::incomplete;
}

bool HeadScanner::accepts(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  if (after_return_) {
    after_return_ = false;
    const bool is_empty_first_line = lines_ == 0 && line_length_ == 0;
    ++lines_;
    line_length_ = 0;
    return byte == '\n' && !is_empty_first_line;
  }
  if (byte == '\r') {
    after_return_ = true;
    return true;
  }
  const bool starts_with_blank = line_length_ == 0 && (byte == ' ' || byte == '\t');
  ++line_length_;
  if (starts_with_blank || code == 0x7F) {
    return false;
  }
  // Bytes from 0x80 may stand in a field's value; check_lines refuses them in a name.
  return code >= 0x20 ? lines_ > 0 || code < 0x80 : byte == '\t' && lines_ > 0;
}

unsigned check_lines(std::string_view head) {
  const std::size_t end = head.find(kLineEnd);
  const unsigned refusal = check_request_line(head.substr(0, end));
  if (refusal != 0) {
    return refusal;
  }
  head.remove_prefix(end + kLineEnd.size());
  while (head != kLineEnd) {
    const std::string_view line = head.substr(0, head.find(kLineEnd));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return 400;
    }
    head.remove_prefix(line.size() + kLineEnd.size());
  }
  return 0;
}

}  // namespace baselined::net
