#include "fake_http.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <span>
#include <system_error>

#include "sdk/cassette/json_text.h"

namespace baselined::sdk {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

bool read(bl_str text, std::string& out, bool is_text = true) {
  if (text.len != 0 && text.ptr == nullptr) {
    return false;
  }
  out = text.len == 0 ? std::string() : std::string(text.ptr, text.len);
  return !is_text || is_utf8(out);
}

std::int64_t retry_after_ms(const cassette::Response& response) {
  const std::string text = value_of(response, "retry-after");
  std::uint32_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return read.ec == std::errc() ? std::int64_t{seconds} * 1000 : 0;
}

}  // namespace

void FakeResponse::release(bl_http_response* handle) {
  std::unique_ptr<FakeResponse>(reinterpret_cast<FakeResponse*>(handle)).reset();
}

FakeResponse::FakeResponse(cassette::Response response) : response_(std::move(response)) {
  std::vector<cassette::Header> joined;
  for (cassette::Header& header : response_.headers) {
    header.name = lower(header.name);
    const auto known =
        std::find_if(joined.begin(), joined.end(),
                     [&](const cassette::Header& each) { return each.name == header.name; });
    if (known == joined.end()) {
      joined.push_back(std::move(header));
    } else {
      known->value.append(", ").append(header.value);
    }
  }
  response_.headers = std::move(joined);
}

std::string_view FakeResponse::header(std::string_view name) const {
  const std::string wanted = lower(name);
  for (const cassette::Header& header : response_.headers) {
    if (header.name == wanted) {
      return header.value;
    }
  }
  return {};
}

std::optional<cassette::Request> read_request(const bl_http_request* request) {
  cassette::Request out;
  if (request == nullptr || request->struct_size < sizeof(bl_http_request) ||
      (request->headers == nullptr && request->n_headers != 0) ||
      !read(request->method, out.method) || !read(request->url, out.target) ||
      !read(request->body, out.body, false)) {
    return std::nullopt;
  }
  for (const bl_header& header : std::span(request->headers, request->n_headers)) {
    cassette::Header& added = out.headers.emplace_back();
    if (!read(header.name, added.name) || !read(header.value, added.value)) {
      return std::nullopt;
    }
  }
  return out;
}

std::string reserved_header(const cassette::Request& request) {
  for (const cassette::Header& header : request.headers) {
    const std::string name = lower(header.name);
    if (cassette::is_reserved(name)) {
      return header.name;
    }
  }
  return {};
}

std::variant<cassette::Response, cassette::Failure> as_the_host_answers(
    const cassette::Exchange& exchange) {
  const auto* const response = std::get_if<cassette::Response>(&exchange.answer);
  const int status = response == nullptr ? 0 : response->status;
  const std::string text = "HTTP " + std::to_string(status);
  if (status == 401) {
    return cassette::Failure{BL_ERR_AUTH, text, 0};
  }
  if (status == 429) {
    return cassette::Failure{BL_ERR_RATE_LIMITED, text, retry_after_ms(*response)};
  }
  if (status >= 500) {
    return cassette::Failure{BL_ERR_TRANSIENT, text, retry_after_ms(*response)};
  }
  return exchange.answer;
}

std::string value_of(const cassette::Response& response, std::string_view name) {
  const std::string wanted = lower(name);
  const auto header =
      std::find_if(response.headers.begin(), response.headers.end(),
                   [&](const cassette::Header& each) { return lower(each.name) == wanted; });
  return header == response.headers.end() ? std::string() : header->value;
}

}  // namespace baselined::sdk
