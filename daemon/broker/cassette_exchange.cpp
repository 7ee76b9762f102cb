#include "daemon/broker/cassette_exchange.h"

#include <utility>

namespace baselined::broker {
namespace {

template <class To, class From>
std::vector<To> to_headers(const std::vector<From>& headers) {
  std::vector<To> out;
  out.reserve(headers.size());
  for (const From& header : headers) {
    out.push_back({header.name, header.value});
  }
  return out;
}

// The codes have the numbers of bl_status, but for the host's own disk.
bl_status to_status(Error::Code code) {
  const auto status = static_cast<bl_status>(code);
  return status <= BL_ERR_LIMIT ? status : BL_ERR_TRANSIENT;
}

}  // namespace

cassette::Request to_cassette(const wire::HttpRequest& request) {
  std::vector<cassette::Header> headers = to_headers<cassette::Header>(request.headers);
  if (!request.etag.empty()) {
    headers.push_back({"if-none-match", request.etag});
  }
  if (!request.last_modified.empty()) {
    headers.push_back({"if-modified-since", request.last_modified});
  }
  return {request.method, request.target, std::move(headers), request.body};
}

cassette::Exchange to_exchange(const wire::HttpRequest& request, const wire::HttpAnswer& answer) {
  if (answer.response) {
    const wire::HttpResponse& response = *answer.response;
    return {to_cassette(request),
            cassette::Response{response.status, to_headers<cassette::Header>(response.headers),
                               response.body}};
  }
  const Error& error = answer.response.error();
  const auto retry_after = std::chrono::ceil<std::chrono::milliseconds>(answer.retry_after);
  return {to_cassette(request),
          cassette::Failure{to_status(error.code()), error.message(), retry_after.count()}};
}

wire::HttpAnswer to_answer(const cassette::Exchange& exchange) {
  if (const auto* const failure = std::get_if<cassette::Failure>(&exchange.answer)) {
    return {Error(static_cast<Error::Code>(failure->status), failure->message),
            std::chrono::milliseconds(failure->retry_after_ms)};
  }
  const auto& response = std::get<cassette::Response>(exchange.answer);
  return {wire::HttpResponse{response.status, to_headers<wire::HttpHeader>(response.headers),
                             response.body},
          {}};
}

}  // namespace baselined::broker
