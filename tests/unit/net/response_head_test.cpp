#include "daemon/net/response_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baselined::net {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ResponseHead, IsCompleteAndEndsWithAnEmptyLine) {
  ResponseHead head;
  head.content_type = "text/plain";
  head.content_length = 12;
  head.keep_alive = true;
  head.date = 1772352000;
  EXPECT_EQ(format_head(head),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"
            "Vary: Accept-Encoding\r\nDate: Sun, 01 Mar 2026 08:00:00 GMT\r\n\r\n");
}

TEST(ResponseHead, SaysWhatTheConnectionDoesNext) {
  ResponseHead head;
  EXPECT_THAT(format_head(head), HasSubstr("\r\nConnection: close\r\n"));
  head.is_http_1_0 = true;
  head.keep_alive = true;
  EXPECT_THAT(format_head(head), HasSubstr("\r\nConnection: keep-alive\r\n"));
}

TEST(ResponseHead, NamesTheAllowedMethodsOnlyWhereItRefusesOne) {
  ResponseHead head;
  EXPECT_THAT(format_head(head), Not(HasSubstr("Allow")));
  head.status = 405;
  EXPECT_THAT(format_head(head), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
}

TEST(ResponseHead, SaysThatTheBodyIsCompressed) {
  ResponseHead head;
  head.is_gzip = true;
  EXPECT_THAT(format_head(head), HasSubstr("\r\nContent-Encoding: gzip\r\n"));
}

}  // namespace
}  // namespace baselined::net
