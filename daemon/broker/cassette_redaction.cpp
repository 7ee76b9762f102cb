#include "daemon/broker/cassette_redaction.h"

#include <algorithm>
#include <utility>

#include "daemon/base/json.h"
#include "daemon/broker/request_check.h"

namespace baselined::broker {
namespace {

// "git.example.com" of "https://user@git.example.com:8443/api"; an IPv6 address with its brackets.
std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  url.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  url.remove_prefix(url.find('@') == std::string_view::npos ? 0 : url.find('@') + 1);
  return lower(url.substr(0, url.starts_with('[') ? url.find(']') + 1 : url.find(':')));
}

// May this character stand in a host's name? Then the name goes on there.
bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool is_whole_name(std::string_view text, std::size_t at, std::size_t size) {
  const std::size_t end = at + size;
  const bool goes_on = end < text.size() &&
                       (is_of_name(text[end]) ||
                        (text[end] == '.' && end + 1 < text.size() && is_of_name(text[end + 1])));
  return !goes_on && (at == 0 || (!is_of_name(text[at - 1]) && text[at - 1] != '.'));
}

// One past the quotation mark that ends the string that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (std::size_t index = at + 1; index < text.size(); ++index) {
    if (text[index] == '"') {
      return index + 1;
    }
    index += text[index] == '\\' ? 1U : 0U;
  }
  return text.size();
}

}  // namespace

Redaction::Redaction(Redact redact, std::string_view base_url)
    : redact_(std::move(redact)), host_(host_of(base_url)) {}

std::string Redaction::hide_host(std::string text) const {
  if (host_.empty()) {
    return text;
  }
  const std::string searched = lower(text);
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = searched.find(host_, at)) != std::string::npos;
       at += host_.size()) {
    if (is_whole_name(searched, at, host_.size())) {
      out.append(text, done, at - done).append(cassette::kHiddenHost);
      done = at + host_.size();
    }
  }
  return out.append(text, done);
}

std::string Redaction::text(std::string_view text) const {
  return hide_host(redact_ ? redact_(text) : std::string(text));
}

std::string Redaction::body(std::string_view body) const {
  const std::string once = text(body);
  const std::string_view view = once;
  std::string out;
  std::size_t at = 0;
  while (at < view.size()) {
    const std::size_t begin = std::min(view.find('"', at), view.size());
    const std::size_t end = begin == view.size() ? begin : end_of_string(view, begin);
    out.append(view.substr(at, begin - at)).append(quoted(view.substr(begin, end - begin)));
    at = end;
  }
  return out;
}

// Of what stands in quotation marks only an escape can hide something that was not found before.
std::string Redaction::quoted(std::string_view string) const {
  if (string.find('\\') != std::string_view::npos) {
    const Result<json::value> decoded = parse_json(string);
    if (decoded && decoded->is_string()) {
      const std::string_view plain(decoded->get_string());
      if (const std::string clean = text(plain); clean != plain) {
        return json::serialize(json::value(clean));
      }
    }
  }
  return std::string(string);
}

std::vector<cassette::Header> Redaction::headers(
    const std::vector<cassette::Header>& headers) const {
  std::vector<cassette::Header> clean;
  clean.reserve(headers.size());
  for (const cassette::Header& header : headers) {
    clean.push_back({header.name, text(header.value)});
  }
  return clean;
}

cassette::Request Redaction::request(cassette::Request request) const {
  request.target = text(request.target);
  request.headers = headers(request.headers);
  request.body = body(request.body);
  return request;
}

cassette::Exchange Redaction::exchange(cassette::Exchange exchange) const {
  exchange.request = request(std::move(exchange.request));
  if (auto* const response = std::get_if<cassette::Response>(&exchange.answer)) {
    response->headers = headers(response->headers);
    response->body = body(response->body);
  } else {
    auto& failure = std::get<cassette::Failure>(exchange.answer);
    failure.message = text(failure.message);
  }
  return exchange;
}

}  // namespace baselined::broker
