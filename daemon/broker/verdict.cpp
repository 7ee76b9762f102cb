#include "daemon/broker/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/broker/request_check.h"

namespace baselined::broker {
namespace {

using Stop = Outcome::Stop;

constexpr std::string_view kHeadTooLarge =
    "the head of the answer is larger than 64 KiB or 200 headers: is base_url right?";

Breakdown final_error(Error::Code code, std::string message) {
  return {Error(code, std::move(message)), std::nullopt};
}

Breakdown transient(Failure failure, std::string message) {
  return {Error(Error::Code::transient, std::move(message)), failure};
}

std::string with_detail(std::string_view what, const Outcome& outcome) {
  return outcome.detail.empty() ? std::string(what) : fmt::format("{} ({})", what, outcome.detail);
}

std::optional<Breakdown> stopped(const Outcome& outcome, const config::Connection& connection) {
  switch (outcome.stop) {
    case Stop::none:
    case Stop::body_size:
    case Stop::leftover:
      return std::nullopt;
    case Stop::header_bytes:
    case Stop::header_count:
      return final_error(Error::Code::data, std::string(kHeadTooLarge));
    case Stop::header_broken:
      return final_error(Error::Code::data, "the head of the answer is broken: is base_url right?");
    case Stop::body_ratio:
      return final_error(Error::Code::data,
                         fmt::format("the answer grows to more than {} times its bytes when it is "
                                     "decompressed, which is refused",
                                     kMaxRatio));
    case Stop::body_encoding:
      return final_error(Error::Code::data,
                         "the answer is encoded in a way that was not asked for");
    case Stop::body_broken:
      return transient(Failure::broken, "the compressed answer is broken or ends too early");
    case Stop::first_byte:
      return transient(Failure::broken,
                       fmt::format("nothing came within {}, half of this connection's timeout: is "
                                   "the source overloaded?",
                                   format_duration(connection.timeout / 2)));
    case Stop::refused:
      return transient(Failure::broken, "the connection was closed without an answer");
    case Stop::low_speed:
      return transient(Failure::broken, "the answer comes too slowly");
    case Stop::flood:
      return transient(outcome.was_sent ? Failure::broken : Failure::unreached,
                       "what answers there sends without end what holds nothing, and was cut off");
    case Stop::cut:
      return transient(Failure::broken,
                       "the answer has no length, and its connection ended without saying so: "
                       "somebody may have cut it");
    case Stop::address:
      return final_error(Error::Code::config, refusal(*outcome.refused_address));
  }
  return std::nullopt;
}

bool has(const Outcome& outcome, std::string_view words) {
  return lower(outcome.detail).find(words) != std::string::npos;
}

std::string untrusted(const Outcome& outcome, const config::Connection& connection) {
  const std::string whose = outcome.is_at_proxy ? "the proxy's" : "the server's";
  const std::string_view url = outcome.is_at_proxy ? "proxy" : "base_url";
  const std::string_view ca = connection.ca_file.empty()
                                  ? "is signed by nobody whom this system trusts: set ca_file to "
                                    "the certificate of who signed it"
                                  : "is not signed by the authority in ca_file";
  std::string what = fmt::format("{} certificate {}", whose, ca);
  if (has(outcome, "expired")) {
    what = fmt::format("{} certificate has expired: it must be renewed there", whose);
  } else if (has(outcome, "not yet valid")) {
    what = fmt::format("{} certificate is not valid yet: are both clocks right?", whose);
  } else if (has(outcome, "subject name") || has(outcome, "host name") ||
             has(outcome, "hostname")) {
    what = fmt::format("{} certificate is for another host: is {} right?", whose, url);
  }
  return with_detail(std::move(what), outcome);
}

std::string handshake(const Outcome& outcome, const config::Connection& connection) {
  const bool is_behind_tls_proxy =
      !outcome.is_at_proxy && lower(connection.proxy).starts_with("https://");
  if (has(outcome, "wrong version number") || has(outcome, "unexpected message")) {
    return with_detail(fmt::format("no TLS there: is the port of {} right?",
                                   outcome.is_at_proxy ? "proxy" : "base_url"),
                       outcome);
  }
  if (has(outcome, "version") || has(outcome, "unsupported protocol")) {
    return with_detail(fmt::format("the {} speaks only TLS older than 1.2, which is refused",
                                   outcome.is_at_proxy ? "proxy" : "server"),
                       outcome);
  }
  if (is_behind_tls_proxy) {  // libcurl does not say
    return with_detail(
        "no TLS connection to the server could be agreed on through the proxy: is the server's "
        "certificate trusted (ca_file), valid, and for the host of base_url?",
        outcome);
  }
  return with_detail("no TLS connection could be agreed on", outcome);
}

// Whole or not at all: half a text could hide from the redactor.
std::string shown_type(std::string_view content_type) {
  const std::string type(content_type.substr(0, content_type.find(';')));
  const bool is_plain = type.size() <= 80 && std::all_of(type.begin(), type.end(), [](char c) {
                          return c >= 0x20 && c < 0x7f;
                        });
  return is_plain ? type : "something";
}

Breakdown timed_out(const Outcome& outcome) {
  if (!outcome.was_sent) {
    return transient(Failure::unreached,
                     with_detail("cannot connect in time: is the host reachable "
                                 "from here, is a proxy needed?",
                                 outcome));
  }
  return transient(Failure::broken, with_detail("no whole answer in time", outcome));
}

}  // namespace

std::optional<Breakdown> breakdown_of(const Outcome& outcome,
                                      const config::Connection& connection) {
  if (outcome.stop != Stop::none) {
    return stopped(outcome, connection);
  }
  switch (outcome.code) {
    case CURLE_OK:
      if (outcome.status < 200) {
        return final_error(Error::Code::data,
                           fmt::format("answered HTTP {}, which nobody asked for", outcome.status));
      }
      return std::nullopt;
    case CURLE_COULDNT_RESOLVE_HOST:
      return transient(Failure::unreached,
                       "the host's name cannot be resolved: is it right, does "
                       "DNS work here, is a proxy needed?");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return transient(Failure::unreached, "the proxy's name cannot be resolved");
    case CURLE_COULDNT_CONNECT:
      return transient(Failure::unreached, with_detail("cannot connect", outcome));
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(outcome);
    case CURLE_PEER_FAILED_VERIFICATION:
      return final_error(Error::Code::transient, untrusted(outcome, connection));
    case CURLE_SSL_CONNECT_ERROR:
      return transient(Failure::unreached, handshake(outcome, connection));
    case CURLE_SSL_CACERT_BADFILE:
      return final_error(Error::Code::transient,
                         fmt::format("ca_file {} cannot be used: is it there, readable and PEM?",
                                     connection.ca_file));
    case CURLE_SSL_CERTPROBLEM:
      return final_error(Error::Code::transient,
                         fmt::format("client_certificate {} or its key cannot be used: are they "
                                     "PEM, do they belong together?",
                                     connection.client_certificate));
    case CURLE_PARTIAL_FILE:
      return transient(Failure::broken, with_detail("the answer ends too early", outcome));
    case CURLE_GOT_NOTHING:
      return transient(Failure::broken, "the connection was closed without an answer");
    case CURLE_OUT_OF_MEMORY:  // what libcurl 7.88 calls a single line of more than 100 KiB
      return final_error(Error::Code::data, std::string(kHeadTooLarge));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return final_error(
          Error::Code::data,
          with_detail("what answers there does not speak HTTP: is base_url right?", outcome));
    default: {
      if (!connection.proxy.empty() && !outcome.was_sent && has(outcome, "connect")) {
        return transient(
            Failure::unreached,
            with_detail("the proxy gives no connection to the host: may it be reached through "
                        "it? A proxy that asks for a user cannot be used",
                        outcome));
      }
      const std::string_view name = curl_easy_strerror(outcome.code);
      const Failure failure = outcome.was_sent ? Failure::broken : Failure::unreached;
      return transient(failure, with_detail(fmt::format("the exchange failed: {}", name), outcome));
    }
  }
}

Status check_content(const Outcome& outcome, std::string_view method, std::string_view accept) {
  if (outcome.status < 200 || outcome.status > 299 || method == "HEAD" ||
      !accepts_only_json(accept)) {
    return {};
  }
  const std::string_view question = "is base_url right, is there a login page before it?";
  if (outcome.body.empty()) {
    if (outcome.status == 200) {
      return Error(Error::Code::data,
                   fmt::format("answered nothing instead of JSON: {}", question));
    }
    return {};
  }
  const std::string* type = outcome.header("content-type");
  if (type == nullptr || type->empty()) {
    const std::size_t start = outcome.body.find_first_not_of(" \t\r\n");
    const bool looks_like_json =
        start != std::string::npos && (outcome.body[start] == '{' || outcome.body[start] == '[');
    if (looks_like_json) {
      return {};
    }
    return Error(Error::Code::data,
                 fmt::format("answered without a content type instead of JSON: {}", question));
  }
  if (!is_json_type(*type)) {
    return Error(Error::Code::data,
                 fmt::format("answered {} instead of JSON: {}", shown_type(*type), question));
  }
  return {};
}

}  // namespace baselined::broker
