// A request goes to its connection's origin, and its credential nowhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/unit/broker/broker_world.h"

namespace baselined::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kToken = "glpat-0123456789abcdef";

class Confinement : public testing::Test {
 protected:
  config::Connection connection(const std::string& url) {
    config::Connection connection = connection_to(url);
    connection.auth.kind = config::Auth::Kind::bearer;
    connection.auth.secrets["token"] = secret_file(folder_.write("token", kToken));
    return connection;
  }

  const Folder folder_;
};

std::string redirect_to(const std::string& where, const std::string& status = "302 Found") {
  return answer(status, "Location: " + where + "\r\n", "");
}

TEST_F(Confinement, ALoopbackAddressIsRefusedUnlessAllowed) {
  Peer peer({json_answer("{}")});
  config::Connection strict = connection(peer.url("/x"));
  strict.allow_networks.clear();
  broker::Broker broker({strict}, quick_options());
  const std::string text = text_of(Caller(broker).get("/y?secret=1"));
  EXPECT_THAT(text, StartsWith("config: connection forge: GET http://127.0.0.1:"));
  EXPECT_THAT(text, HasSubstr("/x/y: its name leads to 127.0.0.1, a loopback address"));
  EXPECT_THAT(text, HasSubstr("allow_networks = [\"127.0.0.1/32\"]"));
  EXPECT_EQ(peer.connections(), 0U);
}

TEST_F(Confinement, ANameThatLeadsToLoopbackIsRefusedToo) {
  Peer peer({json_answer("{}")});
  config::Connection strict = connection("http://localhost:" + std::to_string(peer.port()));
  strict.allow_networks = {"10.0.0.0/8"};
  broker::Broker broker({strict}, quick_options());
  EXPECT_THAT(text_of(Caller(broker).get("/")), StartsWith("config: "));
  EXPECT_EQ(peer.connections(), 0U);
}

// libcurl knows two addresses of localhost. An error of the configuration would stop its collectors
// until somebody changes that, and the host comes back by itself.
TEST_F(Confinement, AnAddressThatIsRefusedIsNotWhyTheAllowedOneOfThatHostIsDown) {
  std::uint16_t port = 0;
  {
    Peer gone({json_answer("{}")});
    port = gone.port();
  }
  broker::Broker broker({connection("http://localhost:" + std::to_string(port))}, quick_options());
  EXPECT_THAT(
      text_of(Caller(broker).get("/")),
      AllOf(StartsWith("transient: "), HasSubstr("cannot connect"), HasSubstr("after 4 attempts")));
}

TEST_F(Confinement, AKeptConnectionOfAnotherDoesNotHelp) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string&) {
    return link.send(json_answer("{}"));
  });
  config::Connection strict = connection(peer.url());
  strict.name = "strict";
  strict.allow_networks.clear();
  broker::Broker broker({connection(peer.url()), strict}, quick_options());
  ASSERT_EQ(text_of(Caller(broker).get("/")), "200");
  ASSERT_EQ(text_of(Caller(broker).get("/")), "200");
  ASSERT_EQ(peer.connections(), 1U);
  wire::OutletRequest request;
  request.connection = "strict";
  EXPECT_THAT(text_of(Caller(broker, request).get("/")), StartsWith("config: "));
  EXPECT_EQ(peer.count(), 2U);
}

TEST_F(Confinement, ARedirectAtTheOriginIsFollowedWithTheToken) {
  Peer peer({redirect_to("/new?x=1", "301 Moved"), json_answer("{}")});
  broker::Broker broker({connection(peer.url("/old"))}, quick_options());
  ASSERT_EQ(text_of(Caller(broker).get("/a")), "200");
  EXPECT_THAT(peer.requests().at(1), StartsWith("GET /new?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(peer.requests().at(1), HasSubstr(kToken));
}

// An ETag belongs to one URL: at another the same one, or an older date, says nothing.
TEST_F(Confinement, ARedirectTakesNoValidatorToAnotherUrlNorFromThere) {
  Peer peer({redirect_to("/new"), answer("200 OK", "ETag: \"of new\"\r\n", "{}")});
  broker::Broker broker({connection(peer.url())}, quick_options());
  const auto answer = Caller(broker).ask({.target = "/a", .etag = "\"of a\""});
  ASSERT_EQ(text_of(answer), "200");
  EXPECT_THAT(peer.requests().at(0), HasSubstr("If-None-Match: \"of a\""));
  EXPECT_THAT(peer.requests().at(1), Not(HasSubstr("If-None-Match")));
  for (const wire::HttpHeader& header : answer.response->headers) {
    EXPECT_NE(header.name, "etag");
  }
  Peer liar({redirect_to("/new"), "HTTP/1.1 304 Not Modified\r\n\r\n"});
  broker::Broker other({connection(liar.url())}, quick_options());
  EXPECT_THAT(text_of(Caller(other).ask({.target = "/a", .etag = "\"of a\""})),
              AllOf(StartsWith("data: "), HasSubstr("HTTP 304")));
}

TEST_F(Confinement, ARedirectToAnotherOriginIsAnErrorThatNamesIt) {
  Peer other({json_answer("{}")});
  Peer peer({redirect_to(other.url("/steal?q=private"))});
  broker::Broker broker({connection(peer.url())}, quick_options());
  const std::string text = text_of(Caller(broker).get("/a"));
  EXPECT_THAT(text, StartsWith("data: connection forge: GET "));
  EXPECT_THAT(text, HasSubstr("redirects to http://127.0.0.1:" + std::to_string(other.port())));
  EXPECT_THAT(text, Not(HasSubstr("private")));
  EXPECT_EQ(other.connections(), 0U);
}

TEST_F(Confinement, ARedirectToTheMetadataServiceIsNotFollowed) {
  for (const std::string where :
       {"http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "//169.254.169.254/",
        "http://2852039166/", "file:///etc/passwd", "gopher://x/"}) {
    Peer peer({redirect_to(where)});
    broker::Broker broker({connection(peer.url())}, quick_options());
    EXPECT_THAT(text_of(Caller(broker).get("/a")), StartsWith("data: ")) << where;
    EXPECT_EQ(peer.count(), 1U);
  }
}

TEST_F(Confinement, ARedirectLoopEndsAfterThree) {
  Peer peer({redirect_to("/again")});
  broker::Broker broker({connection(peer.url())}, quick_options());
  EXPECT_THAT(text_of(Caller(broker).get("/a")),
              AllOf(StartsWith("data: "), HasSubstr("redirects more than 3 times")));
  EXPECT_EQ(peer.count(), 4U);
}

TEST_F(Confinement, ARedirectedPostBecomesAGetUnlessItMustNot) {
  Peer peer({redirect_to("/seen", "303 See Other"), json_answer("{}"),
             redirect_to("/kept", "307 Temporary Redirect"), json_answer("{}")});
  broker::Broker broker({connection(peer.url())}, quick_options());
  Caller caller(broker);
  const Ask post{
      .method = "POST", .target = "/p", .headers = {{"Content-Type", "a/b"}}, .body = "text"};
  ASSERT_EQ(text_of(caller.ask(post)), "200");
  ASSERT_EQ(text_of(caller.ask(post)), "200");
  EXPECT_THAT(peer.requests().at(1), AllOf(StartsWith("GET /seen "), Not(HasSubstr("a/b"))));
  EXPECT_THAT(peer.requests().at(3), AllOf(StartsWith("POST /kept "), HasSubstr("\r\n\r\ntext")));
}

TEST_F(Confinement, APluginCannotSetWhatIsTheBrokers) {
  Peer peer({json_answer("{}")});
  broker::Broker broker({connection(peer.url())}, quick_options());
  for (const std::string name :
       {"Authorization", "cookie", "HOST", "Content-Length", "Transfer-Encoding", "Connection",
        "Proxy-Authorization", "Proxy-Whatever", "Accept-Encoding", "Expect", "If-None-Match"}) {
    const std::string text = text_of(Caller(broker).ask({.headers = {{name, "stolen"}}}));
    EXPECT_THAT(text, StartsWith("data: connection forge: ")) << name;
    EXPECT_THAT(text, AllOf(HasSubstr(name), Not(HasSubstr("stolen"))));
  }
  EXPECT_EQ(peer.connections(), 0U);
}

TEST_F(Confinement, APluginCannotSplitARequest) {
  Peer peer({json_answer("{}")});
  broker::Broker broker({connection(peer.url())}, quick_options());
  const std::vector<Ask> requests = {{.method = "GET /x HTTP/1.1\r\nA: b\r\n\r\nGET"},
                                     {.method = "CONNECT"},
                                     {.method = ""},
                                     {.target = "/a\r\nCookie: x"},
                                     {.headers = {{"X-A", "b\r\nCookie: x"}}},
                                     {.headers = {{"X-A", std::string("b\0c", 3)}}},
                                     {.headers = {{"X-A\r\nCookie", "b"}}},
                                     {.headers = {{"Cookie ", "b"}}},
                                     {.headers = {{"", "b"}}}};
  for (const Ask& request : requests) {
    EXPECT_THAT(text_of(Caller(broker).ask(request)), StartsWith("data: "));
  }
  EXPECT_EQ(peer.connections(), 0U);
}

TEST_F(Confinement, NoMessageRepeatsASecret) {
  Peer peer({answer("200 OK", std::string("Content-Type: text/") + kToken + "\r\n", "x")});
  broker::Broker broker({connection(peer.url())}, quick_options());
  const std::string text = text_of(Caller(broker).get(std::string("/echo/") + kToken));
  EXPECT_THAT(text, AllOf(StartsWith("data: "), HasSubstr("/echo/***: answered text/***"),
                          Not(HasSubstr(kToken))));
}

TEST_F(Confinement, HttpIsRefusedUnlessAllowed) {
  Peer peer({json_answer("{}")});
  config::Connection strict = connection(peer.url());
  strict.allow_http = false;
  broker::Broker broker({strict}, quick_options());
  wire::OutletRequest request;
  request.connection = "forge";
  const auto outlet = broker.open(request);
  ASSERT_FALSE(outlet.has_value());
  EXPECT_EQ(outlet.error().code(), Error::Code::config);
  EXPECT_THAT(outlet.error().message(), HasSubstr("connection forge: base_url: not https"));
}

TEST_F(Confinement, TheEnvironmentCannotRedirectRequests) {
  Peer proxy({json_answer("[\"proxy\"]")});
  Peer peer({json_answer("[\"source\"]")});
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    ::setenv(name, proxy.url().c_str(), 1);
  }
  broker::Broker broker({connection(peer.url())}, quick_options());
  const auto answer = Caller(broker).get("/");
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    ::unsetenv(name);
  }
  ASSERT_EQ(text_of(answer), "200");
  EXPECT_EQ(answer.response->body, "[\"source\"]");
  EXPECT_EQ(proxy.connections(), 0U);
}

TEST_F(Confinement, AConfiguredProxyIsUsedAndItsAddressIsExempt) {
  Peer proxy({json_answer("[\"proxy\"]")});
  config::Connection connection = this->connection("http://git.example.com/api");
  connection.allow_networks.clear();
  connection.proxy = proxy.url();
  broker::Broker broker({connection}, quick_options());
  const auto answer = Caller(broker).get("/x");
  ASSERT_EQ(text_of(answer), "200");
  EXPECT_THAT(proxy.requests().at(0), StartsWith("GET http://git.example.com/api/x HTTP/1.1"));
}

// It may have arrived: the proxy gave a way, and what broke is beyond it.
TEST_F(Confinement, WhatBreaksBehindAProxyIsNoRefusalOfTheProxyAndAPostIsSentOnce) {
  Peer proxy([](Peer::Link& link, std::size_t, const std::string&) {
    link.reset();
    return false;
  });
  config::Connection connection = this->connection("http://git.example.com/api");
  connection.proxy = proxy.url();
  broker::Broker broker({connection}, quick_options());
  const std::string told = text_of(Caller(broker).ask({.method = "POST", .target = "/x"}));
  EXPECT_THAT(told, AllOf(StartsWith("transient: "), HasSubstr("reset")));
  EXPECT_THAT(told, testing::Not(HasSubstr("the proxy gives no connection")));
  EXPECT_EQ(proxy.count(), 1U);
}

}  // namespace
}  // namespace baselined::test
