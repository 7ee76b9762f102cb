// What must not get into a cassette: secrets, as a function that the caller gives knows them, and
// the host of the connection.
//
// The function sees every text twice where it is JSON: as it is, and each string decoded, so that
// an escape ("s3cr\/et") hides nothing. Other encodings (percent, Base64) are its own business.
// Requests are redacted as responses are: a plugin that sends back what a response held, sends what
// the cassette holds when it is replayed.
// Ownership: a value. Threads: as the function allows.
#pragma once

#include <baselined/cassette.h>

#include <functional>
#include <string>
#include <string_view>

namespace baselined::broker {

using Redact = std::function<std::string(std::string_view)>;

class Redaction {
 public:
  // Both may be empty. Of base_url only the host counts: it becomes cassette::kHiddenHost.
  Redaction(Redact redact, std::string_view base_url);

  std::string text(std::string_view text) const;
  // Also inside the strings of JSON, whatever else the body is.
  std::string body(std::string_view body) const;
  cassette::Request request(cassette::Request request) const;
  cassette::Exchange exchange(cassette::Exchange exchange) const;

 private:
  std::string hide_host(std::string text) const;
  std::string quoted(std::string_view string) const;
  std::vector<cassette::Header> headers(const std::vector<cassette::Header>& headers) const;

  Redact redact_;
  std::string host_;  // lower case
};

}  // namespace baselined::broker
