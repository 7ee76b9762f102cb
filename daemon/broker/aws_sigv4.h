// AWS Signature Version 4: the headers that prove who sends a request to Amazon's services.
//
//   for (wire::HttpHeader& header : sign_aws_sigv4(request, credentials, scope, clock.now())) ...
//
// The path is signed as it stands on the wire; a query must be sent as aws_canonical_query(query),
// so that what is signed and what is sent cannot mean two things ('+' is a space). Services whose
// name begins with "s3" differ: the path is neither normalised nor encoded twice, and the hash of
// the body is a header.
// Ownership: everything is borrowed for the call. Keys that are derived are wiped before it
// returns. Threads: pure functions. Errors: none.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

struct AwsRequest {
  std::string_view method;
  std::string_view host;   // as in the Host header: with the port where it is not the default one
  std::string_view path;   // with the base URL's, as it is sent; empty means "/"
  std::string_view query;  // without '?'
  // Headers that are sent as they are here. Those of a hop (Connection, TE, ...), User-Agent and
  // what this function answers itself are not signed.
  std::span<const wire::HttpHeader> headers;
  std::string_view body;
};

struct AwsCredentials {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token;  // empty: none
};

struct AwsScope {
  std::string_view region;
  std::string_view service;
};

// The headers to add: Authorization, X-Amz-Date, X-Amz-Security-Token where there is a token,
// X-Amz-Content-Sha256 for S3.
std::vector<wire::HttpHeader> sign_aws_sigv4(const AwsRequest& request,
                                             const AwsCredentials& credentials,
                                             const AwsScope& scope, UtcTime now);

// The same parameters, encoded in the one way and sorted.
std::string aws_canonical_query(std::string_view query);

}  // namespace baselined::broker
