// Requests that go well, and what of an answer a plugin sees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/broker/broker_world.h"

namespace baselined::test {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

config::Connection with_bearer(config::Connection connection, const std::string& file) {
  connection.auth.kind = config::Auth::Kind::bearer;
  connection.auth.secrets["token"] = secret_file(file);
  return connection;
}

TEST(Broker, SendsTheTokenAndGivesTheAnswer) {
  const Folder folder;
  Peer peer({json_answer("{\"id\":1}")});
  broker::Broker broker({with_bearer(connection_to(peer.url("/api/v4")),
                                     folder.write("token", "glpat-0123456789\n"))},
                        quick_options());
  const auto answer = Caller(broker).get("/projects?page=2");
  ASSERT_EQ(text_of(answer), "200");
  EXPECT_EQ(answer.response->body, "{\"id\":1}");
  const std::string request = peer.requests().at(0);
  EXPECT_THAT(request, HasSubstr("GET /api/v4/projects?page=2 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Bearer glpat-0123456789\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAccept: application/json\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAccept-Encoding: gzip, deflate\r\n"));
}

TEST(Broker, SendsABodyAndTheHeadersOfThePlugin) {
  Peer peer({json_answer("{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  Ask post;
  post.method = "POST";
  post.target = "graphql";
  post.headers = {{"Content-Type", "application/json"}};
  post.body = "{\"query\":1}";
  const auto answer = Caller(broker).ask(post);
  ASSERT_EQ(text_of(answer), "200");
  const std::string request = peer.requests().at(0);
  EXPECT_THAT(request, HasSubstr("POST /graphql HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\n\r\n{\"query\":1}"));
}

TEST(Broker, WhatASourceRepeatsOfTheCredentialDoesNotReachThePlugin) {
  Peer peer(
      {answer("200 OK", "Content-Type: application/json\r\nX-Echo: Bearer glpat-0123456789\r\n",
              "{\"you sent\": \"glpat-0123456789\"}")});
  const Folder folder;
  broker::Broker broker(
      {with_bearer(connection_to(peer.url()), folder.write("token", "glpat-0123456789\n"))},
      quick_options());
  const auto answer = Caller(broker).get("/echo");
  ASSERT_EQ(text_of(answer), "200");
  EXPECT_EQ(answer.response->body, "{\"you sent\": \"***\"}");
  EXPECT_THAT(answer.response->headers, Contains(Field(&wire::HttpHeader::value, "Bearer ***")));
}

TEST(Broker, CookiesReachNeitherThePluginNorTheNextRequest) {
  Peer peer(
      {answer("200 OK", "Content-Type: application/json\r\nSet-Cookie: id=1; Path=/\r\n", "{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  Caller caller(broker);
  const auto first = caller.get("/a");
  ASSERT_EQ(text_of(first), "200");
  EXPECT_THAT(first.response->headers, Not(Contains(Field(&wire::HttpHeader::name, "set-cookie"))));
  ASSERT_EQ(text_of(caller.get("/b")), "200");
  EXPECT_THAT(peer.requests().at(1), Not(HasSubstr("ookie")));
}

TEST(Broker, KeepsConnectionsButNotForWhatCannotBeRepeated) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string&) {
    return link.send(json_answer("{}"));
  });
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  Caller caller(broker);
  for (const std::string method : {"GET", "PUT", "DELETE"}) {
    EXPECT_EQ(text_of(caller.ask({.method = method})), "200") << method;
  }
  EXPECT_EQ(peer.connections(), 1U);
  EXPECT_EQ(text_of(caller.ask({.method = "POST"})), "200");
  EXPECT_EQ(text_of(caller.ask({.method = "PATCH"})), "200");
  EXPECT_EQ(peer.connections(), 3U);
}

// Whoever asks next would get it, and everybody after that the answer of the one before.
TEST(Broker, WhatASourceSendsAfterItsAnswerIsNoAnswerToTheNextRequest) {
  std::promise<void> is_sent;
  Peer peer([&is_sent](Peer::Link& link, std::size_t number, const std::string&) {
    if (!link.send(json_answer("{\"number\":" + std::to_string(number) + "}"))) {
      return false;
    }
    if (number == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));  // or libcurl sees it by itself
      link.send(json_answer("{\"number\":\"stale\"}"));
      is_sent.set_value();
    }
    return true;
  });
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  wire::OutletRequest two_requests;
  two_requests.max_requests = 2;
  Caller caller(broker, two_requests);
  EXPECT_EQ(caller.get("/0").response->body, "{\"number\":0}");
  is_sent.get_future().wait();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const wire::HttpAnswer second = caller.get("/1");
  ASSERT_TRUE(second.response) << text_of(second);
  EXPECT_EQ(second.response->body, "{\"number\":1}");
  EXPECT_EQ(peer.count(), 2U);
  EXPECT_EQ(peer.connections(), 2U);
}

// It comes after the body: it cannot say what that was, nor name a next page.
TEST(Broker, ATrailerIsNoHeader) {
  for (const std::string chunk : {"2\r\n{}\r\n", ""}) {
    Peer peer({"HTTP/1.1 404 None\r\nX-Head: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk +
               "0\r\nHTTP/a: 200\r\nLink: </evil>; rel=\"next\"\r\nETag: \"evil\"\r\n\r\n"});
    broker::Broker broker({connection_to(peer.url())}, quick_options());
    Caller caller(broker);
    const wire::HttpAnswer got = caller.get("/");
    ASSERT_TRUE(got.response) << text_of(got);
    EXPECT_THAT(got.response->headers, Contains(Field(&wire::HttpHeader::name, "x-head")));
    EXPECT_THAT(got.response->headers, Not(Contains(Field(&wire::HttpHeader::name, "link"))));
    EXPECT_THAT(got.response->headers, Not(Contains(Field(&wire::HttpHeader::name, "etag"))));
  }
}

// Or the headers before it would not count.
TEST(Broker, AHeaderThatBeginsLikeAStatusIsNone) {
  Peer peer({"HTTP/1.1 404 None\r\nX-Head: a\r\nHTTP/a: 1b\r\nContent-Length: 2\r\n\r\n{}"});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  Caller caller(broker);
  const wire::HttpAnswer got = caller.get("/");
  ASSERT_TRUE(got.response) << text_of(got);
  EXPECT_THAT(got.response->headers, Contains(Field(&wire::HttpHeader::name, "x-head")));
}

// A worker takes what is no text for a broken protocol, and the plugin would be blamed.
TEST(Broker, AHeaderWhoseNameIsNoneIsLeftOut) {
  Peer peer({answer("200 OK", "X-\xff: a\r\nX y: b\r\n: c\r\nX-Head: d\r\n", "{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  const wire::HttpAnswer got = Caller(broker).get("/");
  ASSERT_TRUE(got.response) << text_of(got);
  std::vector<std::string> names;
  for (const wire::HttpHeader& header : got.response->headers) {
    names.push_back(header.name);
  }
  EXPECT_THAT(names, testing::ElementsAre("connection", "x-head", "content-length"));
}

TEST(Broker, DecompressesAnAnswer) {
  Peer peer({answer("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
                    gzip("{\"a\":[1,2,3]}"))});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  const auto answer = Caller(broker).get("/");
  ASSERT_EQ(text_of(answer), "200");
  EXPECT_EQ(answer.response->body, "{\"a\":[1,2,3]}");
}

TEST(Broker, StatusesThatAPluginMustJudgeAreAnswers) {
  for (const std::string status : {"304 Not Modified", "400 Bad", "403 No", "404 Gone", "422 No"}) {
    SCOPED_TRACE(status);
    Peer peer({answer(status, "Content-Type: text/plain\r\n", status[0] == '3' ? "" : "why")});
    broker::Broker broker({connection_to(peer.url())}, quick_options());
    EXPECT_EQ(text_of(Caller(broker).get("/")), status.substr(0, 3));
    EXPECT_EQ(peer.count(), 1U);
  }
}

TEST(Broker, AConnectionThatIsNotConfiguredIsRefused) {
  broker::Broker broker({}, quick_options());
  wire::OutletRequest request;
  request.connection = "nowhere";
  const auto outlet = broker.open(request);
  ASSERT_FALSE(outlet.has_value());
  EXPECT_EQ(outlet.error().code(), Error::Code::config);
  EXPECT_THAT(outlet.error().message(), HasSubstr("nowhere"));
}

}  // namespace
}  // namespace baselined::test
