// As "Create a signed AWS API request" of the IAM user guide has it: a canonical form of the
// request is hashed, the hash is signed with a key that is derived from date, region and service.
#include "daemon/broker/aws_sigv4.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/broker/request_check.h"

namespace baselined::broker {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::array<std::string_view, 15> kNotSigned = {
    "authorization", "connection",           "expect",
    "host",          "keep-alive",           "te",
    "trailer",       "transfer-encoding",    "proxy-authorization",
    "upgrade",       "user-agent",           "x-amz-content-sha256",
    "x-amz-date",    "x-amz-security-token", "x-amzn-trace-id"};

using Headers = std::map<std::string, std::string>;  // lower case, canonical value

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string encode(std::string_view text, std::string_view also_kept = {}) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || also_kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append(1, '%').append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
    }
  }
  return out;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A '%' without two digits stands for itself.
std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size()) {
      const int high = digit_of(text[at + 1]);
      const int low = digit_of(text[at + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        at += 2;
        continue;
      }
    }
    out += text[at];
  }
  return out;
}

bool is_s3(const AwsScope& scope) { return scope.service.starts_with("s3"); }

// Without "." and "..", without empty segments.
std::string normalised(std::string_view path) {
  std::vector<std::string_view> segments;
  const bool is_folder = path.ends_with('/');
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (segment == ".." && !segments.empty()) {
      segments.pop_back();
    } else if (!segment.empty() && segment != "." && segment != "..") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : segments) {
    out.append("/").append(segment);
  }
  return out.empty() || is_folder ? out.append("/") : out;
}

// S3 takes an object's name as it is; the others encode once more what is encoded already.
std::string canonical_path(std::string_view path, const AwsScope& scope) {
  if (path.empty()) {
    return "/";
  }
  return is_s3(scope) ? encode(decode(path), "/") : encode(normalised(path), "/");
}

// Without white space at the ends, each run of it inside as one space.
std::string canonical_value(std::string_view value) {
  std::string out;
  bool is_gap = false;
  for (const char c : value) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      is_gap = !out.empty();
    } else {
      out.append(is_gap ? " " : "").append(1, c);
      is_gap = false;
    }
  }
  return out;
}

Headers canonical_headers(const AwsRequest& request, const std::vector<wire::HttpHeader>& added) {
  Headers headers{{"host", lower(canonical_value(request.host))}};
  for (const wire::HttpHeader& header : request.headers) {
    std::string name = lower(header.name);
    if (std::find(kNotSigned.begin(), kNotSigned.end(), name) == kNotSigned.end()) {
      const auto [found, is_new] = headers.try_emplace(std::move(name));
      found->second.append(is_new ? "" : ",").append(canonical_value(header.value));
    }
  }
  for (const wire::HttpHeader& header : added) {
    headers[lower(header.name)] = canonical_value(header.value);
  }
  return headers;
}

std::string signed_names(const Headers& headers) {
  std::string names;
  for (const auto& header : headers) {
    names.append(names.empty() ? "" : ";").append(header.first);
  }
  return names;
}

std::string canonical_request(const AwsRequest& request, const AwsScope& scope,
                              const Headers& headers, const std::string& names,
                              const std::string& body_hash) {
  std::string out(request.method);
  out.append("\n").append(canonical_path(request.path, scope));
  out.append("\n").append(aws_canonical_query(request.query)).append("\n");
  for (const auto& [name, value] : headers) {
    out.append(name).append(":").append(value).append("\n");
  }
  return out.append("\n").append(names).append("\n").append(body_hash);
}

// "20150830T123600Z"
std::string amz_date(UtcTime now) {
  std::string text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(now));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string_view view_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string signature(std::string_view secret, std::string_view day, const AwsScope& scope,
                      const std::string& text) {
  std::string first;
  first.reserve(secret.size() + 4);  // no copy of the secret is left behind by growing
  first.append("AWS4").append(secret);
  Digest key = hmac_sha256(first, day);
  cleanse(first);
  for (const std::string_view part :
       {scope.region, scope.service, std::string_view("aws4_request")}) {
    Digest next = hmac_sha256(view_of(key), part);
    key = next;
    cleanse(next.data(), next.size());
  }
  const Digest signed_text = hmac_sha256(view_of(key), text);
  cleanse(key.data(), key.size());
  return to_hex(signed_text);
}

}  // namespace

std::string aws_canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string parameter(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) {
      continue;
    }
    std::replace(parameter.begin(), parameter.end(), '+', ' ');
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view view = parameter;
    parameters.emplace_back(encode(decode(view.substr(0, equals))),
                            encode(decode(view.substr(std::min(equals + 1, view.size())))));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) {
    out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return out;
}

std::vector<wire::HttpHeader> sign_aws_sigv4(const AwsRequest& request,
                                             const AwsCredentials& credentials,
                                             const AwsScope& scope, UtcTime now) {
  const std::string date = amz_date(now);
  const std::string_view day = std::string_view(date).substr(0, 8);
  const std::string body_hash = to_hex(sha256(request.body));
  std::vector<wire::HttpHeader> added{{"X-Amz-Date", date}};
  if (is_s3(scope)) {
    added.push_back({"X-Amz-Content-Sha256", body_hash});
  }
  if (!credentials.session_token.empty()) {
    added.push_back({"X-Amz-Security-Token", std::string(credentials.session_token)});
  }

  Headers headers = canonical_headers(request, added);
  const std::string names = signed_names(headers);
  std::string canonical = canonical_request(request, scope, headers, names, body_hash);
  std::string credential_scope(day);
  for (const std::string_view part :
       {scope.region, scope.service, std::string_view("aws4_request")}) {
    credential_scope.append("/").append(part);
  }
  std::string text(kAlgorithm);
  text.append("\n").append(date).append("\n").append(credential_scope);
  text.append("\n").append(to_hex(sha256(canonical)));
  cleanse(canonical);  // it holds the session token
  if (const auto token = headers.find("x-amz-security-token"); token != headers.end()) {
    cleanse(token->second);
  }

  std::string authorization(kAlgorithm);
  authorization.append(" Credential=").append(credentials.access_key_id).append("/");
  authorization.append(credential_scope).append(", SignedHeaders=").append(names);
  authorization.append(", Signature=");
  authorization.append(signature(credentials.secret_access_key, day, scope, text));
  added.push_back({"Authorization", std::move(authorization)});
  return added;
}

}  // namespace baselined::broker
