// One request head, understood: what to answer, and whether the connection goes on afterwards.
//
// The only translation unit that includes Beast is this one's.
// Threads: pure function.
#pragma once

#include <string>
#include <string_view>

namespace baselined::net {

struct RequestHead {
  unsigned refused = 0;  // status to refuse it with; 0: serve it
  bool is_head = false;
  bool is_http_1_0 = false;
  bool keep_alive = false;
  bool accepts_gzip = false;
  std::string target;  // path and query as they came
};

// `head`: complete, as found by HeadScanner. A refused request never keeps the connection alive:
// what follows it cannot be trusted to be a request.
RequestHead parse_request_head(std::string_view head);

}  // namespace baselined::net
