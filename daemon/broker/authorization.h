// How a request proves who it is: the header lines that carry the credential.
//
// The one place where a credential enters a request. A kind that signs (aws_sigv4) finds here all
// that it signs, as it will be sent.
// Threads: any. Errors: auth, a secret that cannot be read; unsupported.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/broker/secrets.h"
#include "daemon/config/configuration.h"
#include "daemon/wire/egress.h"

namespace baselined::broker {

// A request as it will be sent, without the lines that are being made.
struct UnsignedRequest {
  std::string_view method;
  std::string_view url;
  const std::vector<wire::HttpHeader>& headers;
  std::string_view body;
  UtcTime now;
};

// The URL as it goes out: a kind that signs a query sends it in the one form that it signs.
std::string url_to_send(const config::Auth& auth, const std::string& url);

// Lines as "Name: value". `token`: the access token of oauth2_client_credentials, nullptr for
// other kinds.
Result<std::vector<Secret>> authorization_lines(const config::Auth& auth, Secrets& secrets,
                                                const Secret* token,
                                                const UnsignedRequest& request);

// "user:password" in base64, after "Basic ". Made known to the redactor.
Secret basic_credential(std::string_view user, std::string_view password, Redactor& redactor);

// The header that the credential goes into, for refusing it from a plugin; empty: Authorization.
std::string auth_header_of(const config::Auth& auth);

// A secret or text of `auth` by its key in the file.
Result<Secret> auth_secret(const config::Auth& auth, const std::string& key, Secrets& secrets);
std::string auth_text(const config::Auth& auth, const std::string& key);

}  // namespace baselined::broker
