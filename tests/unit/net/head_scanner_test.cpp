#include "daemon/net/head_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace baselined::net {
namespace {

using State = HeadScanner::State;

constexpr std::string_view kGood = "GET /metrics HTTP/1.1\r\nHost: a\r\nX: b\tc \xC3\xA9\r\n\r\n";

State scan(std::string_view bytes) { return HeadScanner().scan(bytes); }

TEST(HeadScanner, FindsTheEndOfAHead) {
  HeadScanner scanner;
  EXPECT_EQ(scanner.scan(std::string(kGood) + "GET /next"), State::complete);
  EXPECT_EQ(scanner.size(), kGood.size());
}

TEST(HeadScanner, FindsTheSameEndByteByByte) {
  HeadScanner scanner;
  for (std::size_t size = 0; size < kGood.size(); ++size) {
    ASSERT_EQ(scanner.scan(kGood.substr(0, size)), State::incomplete) << size;
  }
  EXPECT_EQ(scanner.scan(kGood), State::complete);
  EXPECT_EQ(scanner.size(), kGood.size());
}

class BrokenHead : public testing::TestWithParam<std::string_view> {};

TEST_P(BrokenHead, IsSeenBeforeItsEnd) { EXPECT_EQ(scan(GetParam()), State::broken); }

INSTANTIATE_TEST_SUITE_P(Table, BrokenHead,
                         testing::Values("\r\n",                  // an empty line first
                                         "\n", "\r\r", " GET",    //
                                         "GET / HTTP/1.1\n",      // no return before the line feed
                                         "GET / HTTP/1.1\rHost",  // no line feed after the return
                                         "GET / HTTP/1.1\r\nHost: a\n",            //
                                         "GET / HTTP/1.1\r\nA: b\r\n c",           // a folded line
                                         "GET / HTTP/1.1\r\nA: b\r\n\tc",          //
                                         "GET / HTTP/1.1\r\nA: b\rc",              //
                                         "GET /\tHTTP", "GET /\x7F", "GET /\xC3",  //
                                         "\x16\x03\x01",                           // a TLS hello
                                         std::string_view("GET /\0", 6),           //
                                         std::string_view("GET / HTTP/1.1\r\nA: \0", 20),  //
                                         "GET / HTTP/1.1\r\nA: \x7F"));

struct Line {
  std::string_view head;
  unsigned status;
};

class CheckedHead : public testing::TestWithParam<Line> {};

TEST_P(CheckedHead, HasAStatus) {
  EXPECT_EQ(check_lines(GetParam().head), GetParam().status) << GetParam().head;
}

INSTANTIATE_TEST_SUITE_P(
    Table, CheckedHead,
    testing::Values(Line{"GET / HTTP/1.1\r\n\r\n", 0}, Line{"GET /a?b=%20 HTTP/1.0\r\n\r\n", 0},
                    Line{"P-U_T / HTTP/1.1\r\nA:b\r\nC: d: e\r\n\r\n", 0},
                    Line{"GET /\r\n\r\n", 400}, Line{"GET\r\n\r\n", 400},
                    Line{"GET  / HTTP/1.1\r\n\r\n", 400}, Line{"GET /  HTTP/1.1\r\n\r\n", 400},
                    Line{"GET / HTTP/1.1 \r\n\r\n", 400}, Line{"GET /a b HTTP/1.1\r\n\r\n", 400},
                    Line{"G(T / HTTP/1.1\r\n\r\n", 400}, Line{"GET * HTTP/1.1\r\n\r\n", 400},
                    Line{"GET http://a/ HTTP/1.1\r\n\r\n", 400},
                    Line{"GET / http/1.1\r\n\r\n", 400}, Line{"GET / HTTP/1.10\r\n\r\n", 400},
                    Line{"GET / HTTP/1,1\r\n\r\n", 400}, Line{"GET / HTTP/2.0\r\n\r\n", 505},
                    Line{"GET / HTTP/0.9\r\n\r\n", 505}, Line{"GET / HTTP/1.2\r\n\r\n", 505},
                    Line{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
                    Line{"GET / HTTP/1.1\r\nHost\r\n\r\n", 400},
                    Line{"GET / HTTP/1.1\r\n: a\r\n\r\n", 400},
                    Line{"GET / HTTP/1.1\r\nA\xC3: a\r\n\r\n", 400},
                    Line{"GET / HTTP/1.1\r\nA(: a\r\n\r\n", 400}));

}  // namespace
}  // namespace baselined::net
