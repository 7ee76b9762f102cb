#include "daemon/net/response_head.h"

#include <fmt/format.h>

#include <array>

namespace baselined::net {

std::string format_head(const ResponseHead& head) {
  std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nVary: Accept-Encoding\r\n",
      head.status, reason_phrase(head.status), head.content_type, head.content_length);
  if (head.is_gzip) {
    text.append("Content-Encoding: gzip\r\n");
  }
  if (head.status == 405) {
    text.append("Allow: GET, HEAD\r\n");
  }
  if (!head.keep_alive) {
    text.append("Connection: close\r\n");
  } else if (head.is_http_1_0) {
    text.append("Connection: keep-alive\r\n");
  }
  std::tm parts{};
  gmtime_r(&head.date, &parts);
  std::array<char, 64> date{};
  // The daemon never calls setlocale, so names of days and months are English.
  const std::size_t size =
      std::strftime(date.data(), date.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n\r\n", &parts);
  text.append(date.data(), size);
  return text;
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace baselined::net
