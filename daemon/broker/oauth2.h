// OAuth 2.0 client credentials (RFC 6749, 4.4): the request for an access token, and its answer.
//
// Threads: pure functions; AccessToken is a value. Errors: auth where the server refuses the
// client, data for an answer that is none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/broker/secrets.h"
#include "daemon/config/configuration.h"

namespace baselined::broker {

struct TokenRequest {
  std::string body;           // form-encoded
  std::vector<Secret> lines;  // client_id and client_secret as basic authorization
};
Result<TokenRequest> make_token_request(const config::Auth& auth, Secrets& secrets);

struct AccessToken {
  Secret value;
  SteadyTime refresh_at{};  // before it expires
};
// `now`: when it was asked for.
Result<AccessToken> read_token(int status, std::string_view body, SteadyTime now);

}  // namespace baselined::broker
