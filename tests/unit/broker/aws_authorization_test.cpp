// aws_sigv4 on the wire: what arrives carries the signature of what arrives. The signature itself
// is judged by AWS's vectors, in aws_sigv4_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/broker/authorization.h"
#include "daemon/broker/aws_sigv4.h"
#include "tests/unit/broker/broker_world.h"

namespace baselined::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kKeyId = "AKIDEXAMPLE";
constexpr std::string_view kKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kToken = "AQoDYXdzEPT//EXAMPLE==";

// A request as a server reads it.
struct Received {
  std::string method;
  std::string path;
  std::string query;
  std::vector<wire::HttpHeader> headers;
  std::string body;

  std::string header(std::string_view name) const {
    for (const wire::HttpHeader& each : headers) {
      if (each.name == name) {
        return each.value;
      }
    }
    return {};
  }
};

Received read(const std::string& text) {
  Received request;
  const std::size_t head = text.find("\r\n\r\n");
  request.body = text.substr(head + 4);
  const std::string first = text.substr(0, text.find("\r\n"));
  request.method = first.substr(0, first.find(' '));
  const std::string target =
      first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query = target.substr(std::min(mark + 1, target.size()));
  for (std::size_t at = first.size() + 2; at < head;) {
    const std::size_t end = text.find("\r\n", at);
    const std::string line = text.substr(at, end - at);
    const std::size_t colon = line.find(':');
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    request.headers.push_back({line.substr(0, colon), line.substr(std::min(value, line.size()))});
    at = end + 2;
  }
  return request;
}

// What AWS calculates: of the headers that the request says are signed.
std::string expected_authorization(const Received& request, const broker::AwsScope& scope,
                                   std::string_view token) {
  const std::string given = request.header("Authorization");
  const std::size_t names = given.find("SignedHeaders=") + 14;
  const std::string is_signed = ";" + given.substr(names, given.find(',', names) - names) + ";";
  std::vector<wire::HttpHeader> headers;
  for (const wire::HttpHeader& header : request.headers) {
    std::string name = header.name;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    if (is_signed.find(";" + name + ";") != std::string::npos) {
      headers.push_back(header);
    }
  }
  const std::string date = request.header("X-Amz-Date");
  const UtcTime now =
      parse_rfc3339(date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 5) + ":" +
                    date.substr(11, 2) + ":" + date.substr(13))
          .value();
  for (const wire::HttpHeader& header :
       broker::sign_aws_sigv4({request.method, request.header("Host"), request.path, request.query,
                               headers, request.body},
                              {kKeyId, kKey, token}, scope, now)) {
    if (header.name == "Authorization") {
      return header.value;
    }
  }
  return "none";
}

class AwsAuthorization : public testing::Test {
 protected:
  config::Auth auth(const std::string& service, bool has_token = false) {
    config::Auth auth;
    auth.kind = config::Auth::Kind::aws_sigv4;
    auth.texts = {{"region", "us-east-1"}, {"service", service}};
    add(auth, "access_key_id", kKeyId);
    add(auth, "secret_access_key", kKey);
    if (has_token) {
      add(auth, "session_token", kToken);
    }
    return auth;
  }
  void add(config::Auth& auth, const std::string& name, std::string_view value) {
    auth.secrets[name] = secret_file(folder_.write(name, value));
  }
  static std::string sent(config::Auth auth, const Ask& ask, std::string_view base = "") {
    Peer peer({json_answer("{}")});
    config::Connection connection = connection_to(peer.url(base));
    connection.auth = std::move(auth);
    broker::Broker broker({connection}, quick_options());
    const std::string text = text_of(Caller(broker).ask(ask));
    return text == "200" ? peer.requests().at(0) : text;
  }

  const Folder folder_;
};

TEST_F(AwsAuthorization, WhatArrivesIsWhatWasSigned) {
  const std::vector<Ask> asks = {
      {},
      {.target = "/a%20b/%7Ec//d?b=2&a=x+y&a=%2f&c"},
      {.target = "/?z=1&a=100%&\xC3\xA9=\xC3\xA9"},
      {.method = "POST",
       .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                   {"X-Amz-Target", "AWSInsightsIndexService.GetCostAndUsage"}},
       .body = "{\"Granularity\":\"DAILY\"}"},
      {.method = "POST", .body = "without a type"},
      {.method = "DELETE", .target = "/x", .headers = {{"X-Empty", ""}, {"X-Spaces", " a   b "}}},
  };
  for (const std::string service : {"ce", "s3"}) {
    for (const Ask& ask : asks) {
      SCOPED_TRACE(service + " " + ask.method + " " + ask.target);
      const std::string text = sent(auth(service), ask, "/base");
      ASSERT_THAT(text, HasSubstr(" HTTP/1.1\r\n"));
      const Received request = read(text);
      EXPECT_THAT(request.path, StartsWith("/base")) << text;
      EXPECT_THAT(request.header("Authorization"), StartsWith("AWS4-HMAC-SHA256 Credential=AKID"));
      EXPECT_EQ(request.header("Authorization"),
                expected_authorization(request, {"us-east-1", service}, ""));
      EXPECT_EQ(request.header("X-Amz-Content-Sha256").empty(), service != "s3");
      EXPECT_THAT(text, Not(HasSubstr(std::string(kKey))));
    }
  }
}

TEST_F(AwsAuthorization, AQueryIsSentInTheFormThatIsSigned) {
  EXPECT_EQ(read(sent(auth("ce"), {.target = "/?b=2&a=x+y&c"})).query, "a=x%20y&b=2&c=");
  EXPECT_THAT(sent(auth("ce"), {.target = "/?"}), StartsWith("GET / HTTP"));
  EXPECT_THAT(sent({}, {.target = "/?b=2&a=x+y&c"}), StartsWith("GET /?b=2&a=x+y&c HTTP"))
      << "only where it is signed";
}

TEST_F(AwsAuthorization, ASessionTokenIsSentAndSigned) {
  const Received request = read(sent(auth("ce", true), {}));
  EXPECT_EQ(request.header("X-Amz-Security-Token"), kToken);
  EXPECT_EQ(request.header("Authorization"),
            expected_authorization(request, {"us-east-1", "ce"}, kToken));
}

// libcurl leaves the usual port out of the Host header, whatever the URL says.
TEST_F(AwsAuthorization, TheUsualPortIsNotPartOfTheHost) {
  broker::Secrets secrets(std::make_shared<broker::Redactor>(), "");
  const auto lines = [&](std::string_view url) {
    std::string all;
    const auto made =
        broker::authorization_lines(auth("ce"), secrets, nullptr, {"GET", url, {}, "", UtcTime()});
    for (const broker::Secret& line : made.value()) {
      all.append(line.reveal()).append("\n");
    }
    return all;
  };
  EXPECT_EQ(lines("https://ce.example.com:443/x?a=1"), lines("https://ce.example.com/x?a=1"));
  EXPECT_EQ(lines("http://ce.example.com:80/"), lines("http://ce.example.com/"));
  EXPECT_EQ(lines("http://ce.example.com:80/"), lines("https://ce.example.com"));
  EXPECT_NE(lines("https://ce.example.com:80/"), lines("https://ce.example.com/"));
  EXPECT_NE(lines("https://ce.example.com/?a=1"), lines("https://ce.example.com/"));
}

TEST_F(AwsAuthorization, AMissingKeyIsAnAuthError) {
  config::Auth incomplete = auth("ce");
  incomplete.secrets["secret_access_key"] = secret_file(folder_.path() / "gone");
  EXPECT_THAT(sent(incomplete, {}), StartsWith("auth: connection forge: GET "));
}

}  // namespace
}  // namespace baselined::test
