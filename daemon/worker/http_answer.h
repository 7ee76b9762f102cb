// What the host answered to one request of a plugin: behind the handle bl_http_response.
//
// Ownership: the plugin's, until release. Threads: the run's.
#pragma once

#include <baselined/plugin.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/wire/messages.h"

namespace baselined::worker {

class HttpAnswer {
 public:
  explicit HttpAnswer(const wire::HttpHead& head);

  void append(std::string_view bytes) { body_ += bytes; }

  static bl_http_response* release(std::unique_ptr<HttpAnswer> answer) {
    return reinterpret_cast<bl_http_response*>(answer.release());
  }
  static const HttpAnswer& of(const bl_http_response* handle) {
    return *reinterpret_cast<const HttpAnswer*>(handle);
  }
  static void destroy(bl_http_response* handle) {
    std::unique_ptr<HttpAnswer>(reinterpret_cast<HttpAnswer*>(handle)).reset();
  }

  int status() const { return status_; }
  const std::string& body() const { return body_; }
  // In any case; empty when there is none.
  std::string_view header(std::string_view name) const;

 private:
  int status_;
  std::vector<std::pair<std::string, std::string>> headers_;  // each name once
  std::string body_;
};

// A plugin's request as a message, whose views point into what the plugin passed. Errors: data and
// limit, for what makes no request.
Result<wire::Http> read_http_request(const bl_http_request& request);

}  // namespace baselined::worker
