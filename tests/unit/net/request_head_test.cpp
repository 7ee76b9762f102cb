#include "daemon/net/request_head.h"

#include <gtest/gtest.h>

#include <string>

namespace baselined::net {
namespace {

RequestHead parse(const std::string& first_line, const std::string& fields) {
  return parse_request_head(first_line + "\r\n" + fields + "\r\n");
}

RequestHead parse_get(const std::string& fields) {
  return parse("GET /metrics?a=b HTTP/1.1", "Host: a\r\n" + fields);
}

TEST(RequestHead, KeepsTheTargetAsItCame) {
  const RequestHead request = parse("HEAD /a%2Fb/..//?c#d HTTP/1.1", "Host: a\r\n");
  EXPECT_EQ(request.refused, 0U);
  EXPECT_TRUE(request.is_head);
  EXPECT_EQ(request.target, "/a%2Fb/..//?c#d");
}

TEST(RequestHead, KeepsConnectionsAliveByVersion) {
  EXPECT_TRUE(parse_get("").keep_alive);
  EXPECT_FALSE(parse_get("Connection: close\r\n").keep_alive);
  EXPECT_FALSE(parse_get("connection: x, Close\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0", "").keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0", "Connection: keep-alive\r\n").keep_alive);
}

struct Refusal {
  const char* fields;
  unsigned status;
};

class FramedRequest : public testing::TestWithParam<Refusal> {};

TEST_P(FramedRequest, IsJudgedByWhatItAnnounces) {
  const RequestHead request = parse_get(GetParam().fields);
  EXPECT_EQ(request.refused, GetParam().status) << GetParam().fields;
  EXPECT_EQ(request.keep_alive, GetParam().status == 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FramedRequest,
    testing::Values(Refusal{"Content-Length: 0\r\n", 0}, Refusal{"Content-Length: 00\r\n", 0},
                    Refusal{"Content-Length: 1\r\n", 413},
                    Refusal{"Content-Length: 18446744073709551615\r\n", 413},
                    Refusal{"Content-Length: 99999999999999999999999\r\n", 400},
                    Refusal{"Content-Length: -1\r\n", 400}, Refusal{"Content-Length: +0\r\n", 400},
                    Refusal{"Content-Length:\r\n", 400}, Refusal{"Content-Length: 0, 0\r\n", 400},
                    Refusal{"Content-Length: 0\r\nContent-Length: 5\r\n", 400},
                    Refusal{"Transfer-Encoding: chunked\r\n", 400},
                    Refusal{"Transfer-Encoding: identity\r\n", 400},
                    Refusal{"Transfer-Encoding:\r\n", 400},
                    Refusal{"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n", 400},
                    Refusal{"Host: b\r\n", 400}, Refusal{"Expect: 100-continue\r\n", 0},
                    Refusal{"Connection: upgrade\r\nUpgrade: h2c\r\n", 0}));

TEST(RequestHead, WantsExactlyOneHostFromVersionOnePointOne) {
  EXPECT_EQ(parse("GET / HTTP/1.1", "").refused, 400U);
  EXPECT_EQ(parse("GET / HTTP/1.0", "").refused, 0U);
  EXPECT_EQ(parse("GET / HTTP/1.0", "Host: a\r\nHost: a\r\n").refused, 400U);
}

TEST(RequestHead, RefusesEveryOtherMethod) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X"}) {
    EXPECT_EQ(parse(std::string(method) + " / HTTP/1.1", "Host: a\r\n").refused, 405U) << method;
  }
}

TEST(RequestHead, RefusesWhatTheGateRefuses) {
  EXPECT_EQ(parse("GET / HTTP/2.0", "Host: a\r\n").refused, 505U);
  EXPECT_EQ(parse("GET / HTTP/1.1", "Host : a\r\n").refused, 400U);
}

struct Coding {
  const char* fields;
  bool gzip;
};

class AcceptedCoding : public testing::TestWithParam<Coding> {};

TEST_P(AcceptedCoding, IsFoundInAcceptEncoding) {
  EXPECT_EQ(parse_get(GetParam().fields).accepts_gzip, GetParam().gzip) << GetParam().fields;
}

INSTANTIATE_TEST_SUITE_P(
    Table, AcceptedCoding,
    testing::Values(Coding{"", false}, Coding{"Accept-Encoding: gzip\r\n", true},
                    Coding{"Accept-Encoding: deflate, GZIP;q=0.5, br\r\n", true},
                    Coding{"Accept-Encoding: br ; q=0 ,\tgzip ; a=b ; q=1\r\n", true},
                    Coding{"Accept-Encoding: ,;,=,gzip;\r\n", true},
                    Coding{"Accept-Encoding: *\r\n", true},
                    Coding{"Accept-Encoding: *;q=0, gzip\r\n", true},
                    Coding{"Accept-Encoding: *, gzip;q=0\r\n", false},
                    Coding{"Accept-Encoding: gzip;q=0\r\n", false},
                    Coding{"Accept-Encoding: gzip;q=0.000\r\n", false},
                    Coding{"Accept-Encoding: gzip;q=0.001\r\n", true},
                    Coding{"Accept-Encoding: gzipped, identity\r\n", false},
                    Coding{"Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n", true},
                    Coding{"Accept-Encoding: \"gzip\r\n", false}));

}  // namespace
}  // namespace baselined::net
