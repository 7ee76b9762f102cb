// What is the same for every connection. Tests shorten it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "daemon/base/time.h"

namespace baselined::broker {

struct BrokerOptions {
  std::chrono::milliseconds connect_timeout{10'000};  // with name resolution and TLS
  // Of an answer that has begun; what comes before is bounded by the timeout of the connection.
  std::uint64_t low_speed_bytes = 100;  // a second, over
  std::chrono::seconds low_speed_time{30};
  std::uint64_t max_header_bytes = 65536;  // of all heads of one answer, 1xx included
  std::uint64_t max_headers = 200;
  std::chrono::milliseconds deadline_margin{500};  // an answer comes this long before the deadline
  std::chrono::milliseconds backoff_base{1000};
  unsigned max_redirects = 3;
  // Where systemd puts credentials; nothing: $CREDENTIALS_DIRECTORY.
  std::optional<std::string> credentials_directory;
  std::string user_agent = "baselined";
  std::function<double()> random;  // in [0, 1); empty: of the broker's own
};

}  // namespace baselined::broker
