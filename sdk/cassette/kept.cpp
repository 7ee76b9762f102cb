// What a cassette keeps of an exchange. Everything else changes from day to day (Date, Age, ids of
// requests), is none of a cassette's business (cookies, challenges), or may be a secret.
#include <baselined/cassette.h>

#include <algorithm>
#include <array>

#include "body.h"
#include "json_text.h"

namespace baselined::cassette {
namespace {

// Names that end with '-' stand for all that begin so.
constexpr std::array<std::string_view, 16> kResponseHeaders = {
    "content-type", "deprecation",  "etag",    "last-modified", "link",   "location",
    "ratelimit-",   "retry-after",  "sunset",  "x-next-page",   "x-page", "x-per-page",
    "x-prev-page",  "x-ratelimit-", "x-total", "x-total-pages"};
constexpr std::array<std::string_view, 9> kRequestHeaders = {
    "accept",   "accept-language", "content-type", "if-modified-since",   "if-none-match",
    "if-match", "prefer",          "range",        "x-github-api-version"};

// Who asks, where, framing, hops, and what the host decodes. Conditional requests need the answer
// that was stored, which a plugin does not see.
constexpr std::array<std::string_view, 19> kReserved = {"authorization",   "cookie",
                                                        "cookie2",         "host",
                                                        "content-length",  "connection",
                                                        "accept-encoding", "transfer-encoding",
                                                        "expect",          "te",
                                                        "trailer",         "upgrade",
                                                        "keep-alive",      "http2-settings",
                                                        "if-none-match",   "if-modified-since",
                                                        "if-match",        "if-unmodified-since",
                                                        "if-range"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

// A cassette is UTF-8: in what is not, no byte above ASCII survives.
std::string clean(std::string text) {
  if (sdk::is_utf8(text)) {
    return text;
  }
  std::string out;
  for (const char c : text) {
    out += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : "\xEF\xBF\xBD";
  }
  return out;
}

template <std::size_t Count>
std::vector<Header> kept_headers(const std::vector<Header>& headers,
                                 const std::array<std::string_view, Count>& names) {
  std::vector<Header> chosen;
  for (const Header& header : headers) {
    const std::string name = lower(header.name);
    if (std::any_of(names.begin(), names.end(), [&](std::string_view each) {
          return each == name || (each.ends_with('-') && name.starts_with(each));
        })) {
      chosen.push_back({clean(name), clean(header.value)});
    }
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const Header& a, const Header& b) { return a.name < b.name; });
  return chosen;
}

// "https://host:8443/path" is "https://origin.invalid/path".
std::string without_host(std::string target) {
  const std::size_t scheme = target.find("://");
  if (scheme == std::string::npos || scheme > target.find_first_of("/?#")) {
    return target;
  }
  const std::size_t end = std::min(target.find_first_of("/?#", scheme + 3), target.size());
  return "https://" + std::string(kHiddenHost) + target.substr(end);
}

}  // namespace

bool is_reserved(std::string_view header) {
  return header.starts_with("proxy-") ||
         std::find(kReserved.begin(), kReserved.end(), header) != kReserved.end();
}

Request kept(Request request) {
  request.method = clean(std::move(request.method));
  request.target = clean(without_host(std::move(request.target)));
  request.headers = kept_headers(request.headers, kRequestHeaders);
  request.body = kept_body(std::move(request.body), request.headers);
  return request;
}

Exchange kept(Exchange exchange) {
  exchange.request = kept(std::move(exchange.request));
  if (auto* const failure = std::get_if<Failure>(&exchange.answer)) {
    failure->message = clean(std::move(failure->message));
    return exchange;
  }
  auto& response = std::get<Response>(exchange.answer);
  response.headers = kept_headers(response.headers, kResponseHeaders);
  response.body = kept_body(std::move(response.body), response.headers);
  return exchange;
}

}  // namespace baselined::cassette
