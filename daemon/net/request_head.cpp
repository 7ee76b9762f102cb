#include "daemon/net/request_head.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <limits>
#include <optional>

#include "daemon/net/head_scanner.h"

namespace baselined::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using Fields = http::request_header<>;

// Up to the delimiter, without blanks around it; the rest stays in `text`.
std::string_view next_part(std::string_view& text, char delimiter) {
  const std::size_t end = text.find(delimiter);
  std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  const std::size_t first = part.find_first_not_of(" \t");
  const std::size_t last = part.find_last_not_of(" \t");
  return first == std::string_view::npos ? "" : part.substr(first, last - first + 1);
}

// A weight of zero, "q=0" to "q=0.000", means "not this one".
bool is_wanted(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = next_part(parameters, ';');
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      return parameter.find_first_not_of("0.", 2) != std::string_view::npos;
    }
  }
  return true;
}

// Not with Beast 1.81's ext_list: it gives a coding without parameters those of the one before, so
// that "*;q=0, gzip" would mean no gzip.
bool accepts_gzip(const Fields& fields) {
  std::optional<bool> gzip;
  std::optional<bool> anything;
  const auto [begin, end] = fields.equal_range(http::field::accept_encoding);
  for (auto field = begin; field != end; ++field) {
    std::string_view codings(field->value().data(), field->value().size());
    while (!codings.empty()) {
      std::string_view parameters = next_part(codings, ',');
      const std::string_view coding = next_part(parameters, ';');
      if (beast::iequals({coding.data(), coding.size()}, "gzip")) {
        gzip = is_wanted(parameters);
      } else if (coding == "*") {
        anything = is_wanted(parameters);
      }
    }
  }
  return gzip.value_or(anything.value_or(false));
}

// A request without a body is all we read: nothing that announces one is let through.
unsigned check_framing(const Fields& fields) {
  if (fields.count(http::field::transfer_encoding) > 0) {
    return 400;
  }
  const auto [begin, end] = fields.equal_range(http::field::content_length);
  for (auto field = begin; field != end; ++field) {
    const auto value = field->value();
    if (value.empty() || value.find_first_not_of("0123456789") != beast::string_view::npos) {
      return 400;
    }
    if (value.find_first_not_of('0') != beast::string_view::npos) {
      return 413;
    }
  }
  return 0;
}

unsigned check_request(const Fields& fields) {
  const std::size_t hosts = fields.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && fields.version() == 11)) {
    return 400;
  }
  const bool is_read = fields.method_string() == "GET" || fields.method_string() == "HEAD";
  return is_read ? check_framing(fields) : 405;
}

unsigned status_of(const beast::error_code& error) {
  return error == http::error::header_limit ? 431 : 400;
}

}  // namespace

RequestHead parse_request_head(std::string_view head) {
  RequestHead request;
  request.refused = check_lines(head);
  if (request.refused != 0) {
    return request;
  }
  http::request_parser<http::empty_body> parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // the buffer is the limit
  parser.body_limit(boost::none);                                  // check_framing is the limit
  beast::error_code error;
  parser.put(boost::asio::buffer(head), error);
  if (error || !parser.is_header_done()) {
    request.refused = status_of(error);
    return request;
  }
  const Fields& fields = parser.get().base();
  request.refused = check_request(fields);
  request.is_head = fields.method_string() == "HEAD";
  request.is_http_1_0 = fields.version() == 10;
  request.keep_alive = request.refused == 0 && parser.get().keep_alive();
  request.accepts_gzip = accepts_gzip(fields);
  request.target = std::string(fields.target());
  return request;
}

}  // namespace baselined::net
