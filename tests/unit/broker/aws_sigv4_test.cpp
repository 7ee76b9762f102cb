// The signatures that AWS publishes, and what its vectors leave open.
#include "daemon/broker/aws_sigv4.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace baselined::broker {
namespace {

constexpr AwsCredentials kSuite = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
constexpr AwsScope kSuiteScope = {"us-east-1", "service"};
constexpr AwsCredentials kS3 = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                ""};
constexpr AwsScope kS3Scope = {"us-east-1", "s3"};

UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }

std::string value_of(const std::vector<wire::HttpHeader>& headers, std::string_view name) {
  for (const wire::HttpHeader& header : headers) {
    if (header.name == name) {
      return header.value;
    }
  }
  return "no such header";
}

std::string signature_of(const std::vector<wire::HttpHeader>& headers) {
  const std::string value = value_of(headers, "Authorization");
  return value.substr(value.rfind('=') + 1);
}

// One request of the suite, as its file has it.
struct Vector {
  std::string name;
  std::string method;
  std::string target;
  std::string host;
  std::string token;
  std::vector<wire::HttpHeader> headers;
  std::string body;
  std::string authorization;
};

void add_header(Vector& vector, const std::string& line) {
  if (line.starts_with(' ')) {
    vector.headers.back().value += "\n" + line;
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string name = line.substr(0, colon);
  const std::string value = line.substr(colon + 1);
  if (name == "Host") {
    vector.host = value;
  } else if (name == "X-Amz-Security-Token") {
    vector.token = value;
  } else {
    vector.headers.push_back({name, value});
  }
}

std::vector<Vector> suite() {
  std::ifstream file(BROKER_TESTDATA "/aws4_testsuite.txt");
  std::vector<Vector> vectors;
  enum class Part { request_line, headers, body, authorization } part = Part::request_line;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      vectors.emplace_back().name = line.substr(4);
      part = Part::request_line;
    } else if (line == "--- authorization") {
      part = Part::authorization;
    } else if (part == Part::request_line) {
      vectors.back().method = line.substr(0, line.find(' '));
      vectors.back().target = line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
      part = Part::headers;
    } else if (part == Part::headers && line.empty()) {
      part = Part::body;
    } else if (part == Part::headers) {
      add_header(vectors.back(), line);
    } else {
      (part == Part::body ? vectors.back().body : vectors.back().authorization) += line;
    }
  }
  return vectors;
}

TEST(AwsSigv4, SignsTheSuiteOfAwsAsAwsDoes) {
  const std::vector<Vector> vectors = suite();
  ASSERT_EQ(vectors.size(), 24U);
  for (const Vector& vector : vectors) {
    SCOPED_TRACE(vector.name);
    const std::size_t mark = std::min(vector.target.find('?'), vector.target.size());
    AwsCredentials credentials = kSuite;
    credentials.session_token = vector.token;
    if (vector.name == "get-vanilla-with-session-token") {  // botocore's own, beside its file
      credentials.session_token =
          "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    }
    const std::string_view target = vector.target;
    const auto headers = sign_aws_sigv4(
        {vector.method, vector.host, target.substr(0, mark),
         target.substr(std::min(mark + 1, target.size())), vector.headers, vector.body},
        credentials, kSuiteScope, at("2015-08-30T12:36:00Z"));
    EXPECT_EQ(value_of(headers, "Authorization"), vector.authorization);
    EXPECT_EQ(value_of(headers, "X-Amz-Date"), "20150830T123600Z");
  }
}

// "Signature calculations: examples" of the S3 API reference.
TEST(AwsSigv4, SignsTheExamplesOfS3) {
  const UtcTime now = at("2013-05-24T00:00:00Z");
  constexpr std::string_view kHost = "examplebucket.s3.amazonaws.com";
  const std::vector<wire::HttpHeader> range = {{"Range", "bytes=0-9"}};
  const std::vector<wire::HttpHeader> put = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                             {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  EXPECT_EQ(
      signature_of(sign_aws_sigv4({"GET", kHost, "/test.txt", "", range, ""}, kS3, kS3Scope, now)),
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(signature_of(sign_aws_sigv4(
                {"PUT", kHost, "/test%24file.text", "", put, "Welcome to Amazon S3."}, kS3,
                kS3Scope, now)),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(
      signature_of(sign_aws_sigv4({"GET", kHost, "/", "lifecycle", {}, ""}, kS3, kS3Scope, now)),
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature_of(sign_aws_sigv4({"GET", kHost, "/", "max-keys=2&prefix=J", {}, ""}, kS3,
                                        kS3Scope, now)),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(AwsSigv4, TheHashOfTheBodyIsAHeaderForS3Only) {
  const AwsRequest request = {"PUT", "h", "/a", "", {}, "abc"};
  EXPECT_EQ(value_of(sign_aws_sigv4(request, kS3, kS3Scope, {}), "X-Amz-Content-Sha256"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(value_of(sign_aws_sigv4(request, kSuite, kSuiteScope, {}), "X-Amz-Content-Sha256"),
            "no such header");
}

TEST(AwsSigv4, ATokenIsSentAndSigned) {
  AwsCredentials credentials = kSuite;
  credentials.session_token = "token";
  const auto headers = sign_aws_sigv4({"GET", "h", "/", "", {}, ""}, credentials, kSuiteScope, {});
  EXPECT_EQ(value_of(headers, "X-Amz-Security-Token"), "token");
  EXPECT_THAT(value_of(headers, "Authorization"),
              testing::HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
}

TEST(AwsSigv4, WhatAProxyMayChangeIsNotSigned) {
  const std::vector<wire::HttpHeader> headers = {{"User-Agent", "a"},
                                                 {"Connection", "close"},
                                                 {"Accept", "text/csv"},
                                                 {"X-Amz-Date", "old"},
                                                 {"Authorization", "old"},
                                                 {"TE", "trailers"},
                                                 {"X-Amz-Target", "Service.Call"}};
  const auto result = sign_aws_sigv4({"GET", "h", "/", "", headers, ""}, kSuite, kSuiteScope, {});
  EXPECT_THAT(value_of(result, "Authorization"),
              testing::HasSubstr("SignedHeaders=accept;host;x-amz-date;x-amz-target,"));
}

TEST(AwsSigv4, APathIsEncodedTwiceButNotForS3) {
  const auto signature = [](std::string_view path, const AwsScope& scope) {
    return signature_of(sign_aws_sigv4({"GET", "h", path, "", {}, ""}, kSuite, scope, {}));
  };
  EXPECT_NE(signature("/a%20b", kSuiteScope), signature("/a b", kSuiteScope));
  EXPECT_EQ(signature("/a%20b", kS3Scope), signature("/a b", kS3Scope));
  EXPECT_EQ(signature("/a//b/../c", kSuiteScope), signature("/a/c", kSuiteScope));
  EXPECT_NE(signature("/a//b/../c", kS3Scope), signature("/a/c", kS3Scope));
  EXPECT_EQ(signature("/a%7eb", kS3Scope), signature("/a~b", kS3Scope));
  EXPECT_EQ(signature("", kSuiteScope), signature("/", kSuiteScope));
  EXPECT_EQ(signature("/../..", kSuiteScope), signature("/", kSuiteScope));
}

TEST(AwsCanonicalQuery, IsOneFormOfAllThatMeanTheSame) {
  EXPECT_EQ(aws_canonical_query("b=2&a=1&a=0"), "a=0&a=1&b=2");
  EXPECT_EQ(aws_canonical_query("a=x%2fy&b=p+q&c=p%20q"), "a=x%2Fy&b=p%20q&c=p%20q");
  EXPECT_EQ(aws_canonical_query("a=%7e%2D&b=x/y:z"), "a=~-&b=x%2Fy%3Az");
  EXPECT_EQ(aws_canonical_query("a&b=&&c=d=e"), "a=&b=&c=d%3De");
  EXPECT_EQ(aws_canonical_query("a=100%&b=%g1&c=%2"), "a=100%25&b=%25g1&c=%252");
  EXPECT_EQ(aws_canonical_query(""), "");
  const std::string once = aws_canonical_query("q=%C3%A9 %2B&Z=1&z=2");
  EXPECT_EQ(aws_canonical_query(once), once);
}

TEST(AwsCanonicalQuery, SortsByNameThenByValueNotByTheTextOfBoth) {
  EXPECT_EQ(aws_canonical_query("a-b=1&a=2"), "a=2&a-b=1") << "'-' comes before '='";
}

}  // namespace
}  // namespace baselined::broker
