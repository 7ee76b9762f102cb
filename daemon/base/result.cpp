#include "daemon/base/result.h"

#include <cstdio>
#include <cstdlib>

namespace baselined {

std::string_view to_string(Error::Code code) {
  switch (code) {
    case Error::Code::config:
      return "config";
    case Error::Code::auth:
      return "auth";
    case Error::Code::rate_limited:
      return "rate_limited";
    case Error::Code::transient:
      return "transient";
    case Error::Code::data:
      return "data";
    case Error::Code::cancelled:
      return "cancelled";
    case Error::Code::unsupported:
      return "unsupported";
    case Error::Code::internal:
      return "internal";
    case Error::Code::limit:
      return "limit";
    case Error::Code::disk_full:
      return "disk_full";
  }
  return "internal";
}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, expression);
  std::abort();
}

}  // namespace baselined
