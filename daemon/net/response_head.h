// The status line and fields of a response.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

namespace baselined::net {

struct ResponseHead {
  unsigned status = 200;
  std::string_view content_type;
  std::size_t content_length = 0;
  bool is_gzip = false;
  bool keep_alive = false;
  bool is_http_1_0 = false;  // of the request: keep-alive must be said
  std::time_t date = 0;
};

std::string format_head(const ResponseHead& head);

// "Not Found" for 404; for a status that is not known here, "Unknown".
std::string_view reason_phrase(unsigned status);

}  // namespace baselined::net
