#include "daemon/worker/http_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "daemon/worker/descriptor.h"
#include "daemon/worker/plugin_text.h"

namespace baselined::worker {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_same_name(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace

HttpAnswer::HttpAnswer(const wire::HttpHead& head) : status_(head.status) {
  for (std::size_t at = 0; at + 1 < head.headers.size(); at += 2) {
    const std::string_view name = head.headers[at];
    const std::string_view value = head.headers[at + 1];
    const auto known = std::find_if(headers_.begin(), headers_.end(), [&](const auto& header) {
      return is_same_name(header.first, name);
    });
    if (known == headers_.end()) {
      headers_.emplace_back(name, value);
    } else {
      known->second.append(", ").append(value);
    }
  }
}

std::string_view HttpAnswer::header(std::string_view name) const {
  for (const auto& [known, value] : headers_) {
    if (is_same_name(known, name)) {
      return value;
    }
  }
  return {};
}

Result<wire::Http> read_http_request(const bl_http_request& request) {
  constexpr std::uint64_t kMinorZero = sizeof(bl_http_request);
  if (request.struct_size < kMinorZero) {
    return Error(Error::Code::data, "a request that says it is smaller than a bl_http_request");
  }
  if (request.headers == nullptr && request.n_headers != 0) {
    return Error(Error::Code::data, "the headers of a request are a null pointer");
  }
  if (request.body.ptr == nullptr && request.body.len != 0) {
    return Error(Error::Code::data, "the body of a request is a null pointer");
  }
  wire::Http http;
  BL_TRY(http.method, read_text(request.method, "the method of a request", wire::kMaxHttpBytes));
  BL_TRY(http.target, read_text(request.url, "the URL of a request", wire::kMaxHttpBytes));
  http.body.data = to_view(request.body);
  http.timeout_ms = request.timeout_ms;
  http.is_conditional = (request.flags & BL_HTTP_CONDITIONAL) != 0;
  constexpr std::uint64_t kHeaderOverhead = 18;  // what encodes name and value
  std::uint64_t bytes = request.method.len + request.url.len + request.body.len;
  for (const bl_header& header : std::span(request.headers, request.n_headers)) {
    BL_TRY(const std::string_view name,
           read_text(header.name, "a header's name of a request", wire::kMaxHttpBytes));
    BL_TRY(const std::string_view value,
           read_text(header.value, "a header's value of a request", wire::kMaxHttpBytes));
    http.headers.insert(http.headers.end(), {name, value});
    bytes += name.size() + value.size() + kHeaderOverhead;
    if (bytes > wire::kMaxHttpBytes) {
      break;
    }
  }
  if (bytes > wire::kMaxHttpBytes || request.body.len > wire::kMaxHttpBytes) {  // or it wrapped
    return Error(Error::Code::limit,
                 fmt::format("a request of more than {} bytes", wire::kMaxHttpBytes));
  }
  return http;
}

}  // namespace baselined::worker
