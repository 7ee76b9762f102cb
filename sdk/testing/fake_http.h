// bl.http/1 of a FakeHost: what a plugin asks, checked as the real host does, and what is behind
// the handle of an answer. Internal to the testing library. Ownership: an answer is the plugin's
// until release. Threads: the run's.
#pragma once

#include <baselined/cassette.h>
#include <baselined/plugin.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace baselined::sdk {

class FakeResponse {
 public:
  explicit FakeResponse(cassette::Response response);

  bl_http_response* handle() { return reinterpret_cast<bl_http_response*>(this); }
  static const FakeResponse& of(const bl_http_response* handle) {
    return *reinterpret_cast<const FakeResponse*>(handle);
  }
  static void release(bl_http_response* handle);

  int status() const { return response_.status; }
  const std::string& body() const { return response_.body; }
  std::string_view header(std::string_view name) const;

 private:
  cassette::Response response_;  // each header once: several of one name are joined by ", "
};

// Nothing where the request cannot be read: a null pointer, text that is not UTF-8.
std::optional<cassette::Request> read_request(const bl_http_request* request);

// The header of the request that only the host sets; empty: none.
std::string reserved_header(const cassette::Request& request);

// The real host hands on no answer that says "not you", "not now" or "not well": a failure instead.
std::variant<cassette::Response, cassette::Failure> as_the_host_answers(
    const cassette::Exchange& exchange);

// Of the first header of this name, in any case; empty: none.
std::string value_of(const cassette::Response& response, std::string_view name);

}  // namespace baselined::sdk
