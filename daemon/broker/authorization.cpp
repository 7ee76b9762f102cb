#include "daemon/broker/authorization.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/base/digest.h"

namespace baselined::broker {
namespace {

using Kind = config::Auth::Kind;

std::vector<Secret> one_line(Secret line) {
  std::vector<Secret> lines;
  lines.push_back(std::move(line));
  return lines;
}

Result<std::vector<Secret>> bearer(const config::Auth& auth, Secrets& secrets) {
  BL_TRY(const Secret token, auth_secret(auth, "token", secrets));
  return one_line(Secret::join({"Authorization: Bearer ", token.reveal()}));
}

Result<std::vector<Secret>> basic(const config::Auth& auth, Secrets& secrets) {
  BL_TRY(const Secret password, auth_secret(auth, "password", secrets));
  const Secret credential =
      basic_credential(auth_text(auth, "user"), password.reveal(), secrets.redactor());
  return one_line(Secret::join({"Authorization: ", credential.reveal()}));
}

Result<std::vector<Secret>> header(const config::Auth& auth, Secrets& secrets) {
  BL_TRY(const Secret value, auth_secret(auth, "value", secrets));
  return one_line(Secret::join({auth_text(auth, "header"), ": ", value.reveal()}));
}

}  // namespace

Result<std::vector<Secret>> authorization_lines(const config::Auth& auth, Secrets& secrets,
                                                const Secret* token,
                                                const UnsignedRequest& /*request*/) {
  switch (auth.kind) {
    case Kind::none:
      return std::vector<Secret>();
    case Kind::bearer:
      return bearer(auth, secrets);
    case Kind::basic:
      return basic(auth, secrets);
    case Kind::header:
      return header(auth, secrets);
    case Kind::oauth2_client_credentials:
      BL_ASSERT(token != nullptr);
      return one_line(Secret::join({"Authorization: Bearer ", token->reveal()}));
    case Kind::aws_sigv4:
      break;
  }
  return Error(Error::Code::unsupported, "auth = aws_sigv4 is not available in this version");
}

Secret basic_credential(std::string_view user, std::string_view password, Redactor& redactor) {
  const Secret pair = Secret::join({user, ":", password});
  redactor.add(pair.reveal());
  std::string encoded = to_base64(pair.reveal());
  Secret credential = Secret::join({"Basic ", encoded});
  redactor.add(encoded);
  cleanse(encoded);
  return credential;
}

std::string auth_header_of(const config::Auth& auth) {
  return auth.kind == Kind::header ? auth_text(auth, "header") : std::string();
}

Result<Secret> auth_secret(const config::Auth& auth, const std::string& key, Secrets& secrets) {
  const auto found = auth.secrets.find(key);
  if (found == auth.secrets.end()) {
    return Error(Error::Code::config, fmt::format("auth has no {}", key));
  }
  return secrets.read(found->second, SecretShape::header_text);
}

std::string auth_text(const config::Auth& auth, const std::string& key) {
  const auto found = auth.texts.find(key);
  return found == auth.texts.end() ? std::string() : found->second;
}

}  // namespace baselined::broker
