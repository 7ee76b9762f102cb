#include "daemon/broker/request_check.h"

#include <gtest/gtest.h>

namespace baselined::broker {
namespace {

TEST(JsonType, IsToldByItsNameWhateverItsParameters) {
  for (const std::string type :
       {"application/json", "Application/JSON; charset=utf-8", "text/json", " application/json ",
        "application/vnd.github.v3+json", "application/problem+json;x=y"}) {
    EXPECT_TRUE(is_json_type(type)) << type;
  }
  for (const std::string type : {"", "text/html", "application/jsonp", "application/json-seq",
                                 "+json", "text/plain; a=json", "application/x-ndjson", "*/*"}) {
    EXPECT_FALSE(is_json_type(type)) << type;
  }
}

TEST(Accept, OnlyJsonMeansEveryKind) {
  for (const std::string accept : {"application/json", "application/vnd.pagerduty+json;version=2",
                                   "text/json, a/b+json;q=0.5"}) {
    EXPECT_TRUE(accepts_only_json(accept)) << accept;
  }
  for (const std::string accept :
       {"", "*/*", "application/json, */*", "text/csv", "application/json,", "application/*"}) {
    EXPECT_FALSE(accepts_only_json(accept)) << accept;
  }
}

TEST(Request, IsBounded) {
  wire::HttpRequest request;
  EXPECT_TRUE(check_request(request, "").has_value());
  request.target = std::string(16385, 'a');
  EXPECT_FALSE(check_request(request, "").has_value());
  request.target.clear();
  request.headers.assign(65, {"X-A", "b"});
  EXPECT_FALSE(check_request(request, "").has_value());
  request.headers.assign(1, {"X-A", std::string(16384, 'b')});
  EXPECT_FALSE(check_request(request, "").has_value());
}

TEST(Request, AHeaderMayHoldTextButNoControl) {
  wire::HttpRequest request;
  request.headers = {{"X-A", "b\tc \xc3\xa9"}};
  EXPECT_TRUE(check_request(request, "").has_value());
  for (const std::string& value : {std::string("\x01"), std::string("a\x7f"), std::string("\n")}) {
    request.headers = {{"X-A", value}};
    EXPECT_FALSE(check_request(request, "").has_value());
  }
}

}  // namespace
}  // namespace baselined::broker
