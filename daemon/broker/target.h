// URLs: where a request really goes, and whether it may go there. libcurl's own parser decides, so
// that what was checked is what is sent.
//
// Threads: pure functions. Errors: data, naming the host but never a query; config for a base URL.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace baselined::broker {

struct Url {
  std::string text;    // as it is sent: normalised, with the query, without fragment
  std::string scheme;  // "https"
  std::string host;    // lower case; an IPv6 address in brackets
  std::string port;    // also where it is the scheme's
  std::string path;    // without "." and ".." segments, begins with '/'

  // For messages: without port where it is the scheme's, and without query.
  std::string shown() const;
  bool has_origin_of(const Url& other) const;
};

// A connection's base_url, token_url. Refuses user names in it, and http unless it is allowed.
Result<Url> parse_base_url(const std::string& text, bool allow_http);

// `target`: path and query below the base, which ".." cannot leave, or a URL at the base's origin.
Result<Url> resolve_target(const Url& base, std::string_view target);

// Where `location` points, seen from `from`; an error unless it is the same origin.
Result<Url> resolve_redirect(const Url& from, const std::string& location);

}  // namespace baselined::broker
