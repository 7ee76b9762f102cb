#include "daemon/broker/oauth2.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/base/json.h"
#include "daemon/broker/authorization.h"

namespace baselined::broker {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kUsualLifetime = 300;    // s, where the server does not say
constexpr std::int64_t kShortestLifetime = 10;  // or nothing would ever be asked with it
constexpr std::int64_t kLongestLifetime = 86400;

std::string form_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  result.reserve(text.size() * 3);  // growing would leave parts of a secret behind
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '*';
    if (is_plain) {
      result += c;
    } else {
      result += {'%', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
    }
  }
  return result;
}

// The error codes of RFC 6749, 5.2: of anything else nothing is repeated.
std::string_view known_error(const json::value& answer) {
  constexpr std::string_view kKnown[] = {"invalid_request",        "invalid_client",
                                         "invalid_grant",          "unauthorized_client",
                                         "unsupported_grant_type", "invalid_scope"};
  const json::object* members = answer.if_object();
  const json::value* code = members == nullptr ? nullptr : members->if_contains("error");
  if (code != nullptr && code->is_string()) {
    for (const std::string_view known : kKnown) {
      if (std::string_view(code->get_string()) == known) {
        return known;
      }
    }
  }
  return {};
}

bool is_header_text(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
  });
}

std::int64_t lifetime_s(const json::object& answer) {
  const json::value* value = answer.if_contains("expires_in");
  std::int64_t seconds_left = kUsualLifetime;
  if (value != nullptr && value->is_int64()) {
    seconds_left = value->get_int64();
  }
  return std::clamp<std::int64_t>(seconds_left, kShortestLifetime, kLongestLifetime);
}

}  // namespace

Result<TokenRequest> make_token_request(const config::Auth& auth, Secrets& secrets) {
  BL_TRY(const Secret client_secret, auth_secret(auth, "client_secret", secrets));
  std::string encoded = form_encoded(client_secret.reveal());
  const Secret credential =
      basic_credential(form_encoded(auth_text(auth, "client_id")), encoded, secrets.redactor());
  cleanse(encoded);
  TokenRequest request;
  request.body = "grant_type=client_credentials";
  if (const std::string scope = auth_text(auth, "scope"); !scope.empty()) {
    request.body += "&scope=" + form_encoded(scope);
  }
  request.lines.push_back(Secret::join({"Authorization: ", credential.reveal()}));
  return request;
}

Result<AccessToken> read_token(int status, std::string_view body, SteadyTime now) {
  auto answer = parse_json(body);
  if (status != 200) {
    const std::string_view code = answer ? known_error(*answer) : std::string_view();
    return Error(
        Error::Code::auth,
        fmt::format("token_url answered HTTP {}{}{}: are client_id and client_secret right?",
                    status, code.empty() ? "" : " ", code));
  }
  json::object* members = answer ? answer->if_object() : nullptr;
  json::value* token = members == nullptr ? nullptr : members->if_contains("access_token");
  if (token == nullptr || !token->is_string() || !is_header_text(token->get_string())) {
    return Error(Error::Code::data, "token_url answered without an access token: is it right?");
  }
  const std::int64_t lifetime = lifetime_s(*members);
  const std::int64_t early = std::min<std::int64_t>(60, lifetime / 10 + 1);
  json::string& parsed = token->get_string();
  Secret value{std::string_view(parsed)};
  cleanse(parsed.data(), parsed.size());
  return AccessToken{std::move(value), now + seconds(lifetime - early)};
}

}  // namespace baselined::broker
