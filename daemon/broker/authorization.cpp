#include "daemon/broker/authorization.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/broker/aws_sigv4.h"

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

// Of a URL that was normalised when it was checked: without user and fragment.
struct UrlParts {
  std::string_view host;  // as libcurl writes it into the Host header
  std::string_view path;
  std::string_view query;
};

UrlParts parts_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::string_view usual_port = url.starts_with("https:") ? ":443" : ":80";
  url.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
  const std::size_t mark = std::min(url.find('?'), url.size());
  const std::size_t slash = std::min(url.find('/'), mark);
  UrlParts parts;
  parts.host = url.substr(0, slash);
  if (parts.host.ends_with(usual_port)) {
    parts.host.remove_suffix(usual_port.size());
  }
  parts.path = url.substr(slash, mark - slash);
  parts.query = url.substr(std::min(mark + 1, url.size()));
  return parts;
}

Result<std::vector<Secret>> aws_sigv4(const config::Auth& auth, Secrets& secrets,
                                      const UnsignedRequest& request) {
  BL_TRY(const Secret key_id, auth_secret(auth, "access_key_id", secrets));
  BL_TRY(const Secret key, auth_secret(auth, "secret_access_key", secrets));
  Secret token;
  if (auth.secrets.contains("session_token")) {
    BL_TRY(token, auth_secret(auth, "session_token", secrets));
  }
  const std::string region = auth_text(auth, "region");
  const std::string service = auth_text(auth, "service");
  const UrlParts url = parts_of(request.url);
  std::vector<Secret> lines;
  for (wire::HttpHeader& header : sign_aws_sigv4(
           {request.method, url.host, url.path, url.query, request.headers, request.body},
           {key_id.reveal(), key.reveal(), token.reveal()}, {region, service}, request.now)) {
    lines.push_back(Secret::join({header.name, ": ", header.value}));
    cleanse(header.value);
  }
  return lines;
}

}  // namespace

std::string url_to_send(const config::Auth& auth, const std::string& url) {
  const std::size_t mark = url.find('?');
  if (auth.kind != Kind::aws_sigv4 || mark == std::string::npos) {
    return url;
  }
  const std::string query = aws_canonical_query(std::string_view(url).substr(mark + 1));
  return url.substr(0, mark) + (query.empty() ? "" : "?" + query);
}

Result<std::vector<Secret>> authorization_lines(const config::Auth& auth, Secrets& secrets,
                                                const Secret* token,
                                                const UnsignedRequest& request) {
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
      return aws_sigv4(auth, secrets, request);
  }
  return Error(Error::Code::unsupported, "auth of a kind that this version does not know");
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
