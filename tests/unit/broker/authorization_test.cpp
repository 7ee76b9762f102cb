// Every kind of auth on the wire, and what happens when a credential does not work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/broker/broker_world.h"

namespace baselined::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Kind = config::Auth::Kind;

class Authorization : public testing::Test {
 protected:
  std::string sent(config::Auth auth) {
    Peer peer({json_answer("{}")});
    config::Connection connection = connection_to(peer.url());
    connection.auth = std::move(auth);
    broker::Broker broker({connection}, quick_options());
    const std::string text = text_of(Caller(broker).get("/"));
    return text == "200" ? peer.requests().at(0) : text;
  }

  config::Auth with_secret(Kind kind, const std::string& key, std::string_view value) {
    config::Auth auth;
    auth.kind = kind;
    auth.secrets[key] = secret_file(folder_.write(key, value));
    return auth;
  }

  const Folder folder_;
};

TEST_F(Authorization, NoneSendsNothing) {
  EXPECT_THAT(sent({}), AllOf(StartsWith("GET / "), Not(HasSubstr("Authorization"))));
}

TEST_F(Authorization, BasicSendsUserAndPassword) {
  config::Auth auth = with_secret(Kind::basic, "password", "open sesame\n");
  auth.texts["user"] = "Aladdin";
  EXPECT_THAT(sent(auth), HasSubstr("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
}

TEST_F(Authorization, HeaderSendsItsOwn) {
  config::Auth auth = with_secret(Kind::header, "value", "glpat-0123456789");
  auth.texts["header"] = "PRIVATE-TOKEN";
  EXPECT_THAT(sent(auth), HasSubstr("\r\nPRIVATE-TOKEN: glpat-0123456789\r\n"));
}

TEST_F(Authorization, AHeaderThatIsNoneIsAConfigurationError) {
  config::Connection connection = connection_to("https://git.example.com");
  connection.auth = with_secret(Kind::header, "value", "glpat-0123456789");
  connection.auth.texts["header"] = "X: y\r\nZ";
  broker::Broker broker({connection}, quick_options());
  wire::OutletRequest request;
  request.connection = "forge";
  const auto outlet = broker.open(request);
  ASSERT_FALSE(outlet.has_value());
  EXPECT_EQ(outlet.error().code(), Error::Code::config);
}

TEST_F(Authorization, APluginCannotSetTheHeaderOfTheCredential) {
  Peer peer({json_answer("{}")});
  config::Connection connection = connection_to(peer.url());
  connection.auth = with_secret(Kind::header, "value", "glpat-0123456789");
  connection.auth.texts["header"] = "PRIVATE-TOKEN";
  broker::Broker broker({connection}, quick_options());
  EXPECT_THAT(text_of(Caller(broker).ask({.headers = {{"private-token", "x"}}})),
              StartsWith("data: "));
}

TEST_F(Authorization, ASecretThatCannotBeReadIsAnAuthErrorWithPathAndCause) {
  config::Auth auth;
  auth.kind = Kind::bearer;
  auth.secrets["token"] = secret_file(folder_.path() / "gone");
  EXPECT_THAT(sent(auth),
              AllOf(StartsWith("auth: connection forge: GET "),
                    HasSubstr((folder_.path() / "gone").string()), HasSubstr("No such file")));
}

TEST_F(Authorization, ASecretThatChangedIsReadAgain) {
  Peer peer({json_answer("{}")});
  config::Connection connection = connection_to(peer.url());
  connection.auth = with_secret(Kind::bearer, "token", "first-token");
  broker::Broker broker({connection}, quick_options());
  ASSERT_EQ(text_of(Caller(broker).get("/")), "200");
  folder_.write("token", "second-token");
  ASSERT_EQ(text_of(Caller(broker).get("/")), "200");
  EXPECT_THAT(peer.requests().at(1), HasSubstr("Bearer second-token"));
  EXPECT_EQ(broker.redact("first-token second-token"), "*** ***");
}

TEST_F(Authorization, ARefusedCredentialIsAnAuthError) {
  Peer peer({answer("401 Unauthorized", "", "who are you")});
  config::Connection connection = connection_to(peer.url());
  connection.auth = with_secret(Kind::bearer, "token", "glpat-0123456789");
  broker::Broker broker({connection}, quick_options());
  EXPECT_THAT(text_of(Caller(broker).get("/a?b=c")),
              StartsWith("auth: connection forge: GET " + peer.url("/a") + ": HTTP 401"));
  EXPECT_EQ(peer.count(), 1U);
}

// Gives out the tokens token-0, token-1 ...; what is asked with them answers as `api` says.
class OAuth : public Authorization {
 protected:
  static bool is_token(const std::string& request) { return request.starts_with("POST /token "); }

  config::Connection connection(const Peer& peer) {
    config::Connection connection = connection_to(peer.url("/api"));
    connection.auth = with_secret(Kind::oauth2_client_credentials, "client_secret", "s3cr:et/+");
    connection.auth.texts = {
        {"token_url", peer.url("/token")}, {"client_id", "me"}, {"scope", "read all"}};
    return connection;
  }

  static std::string token_answer(int number, int expires_in = 3600) {
    return json_answer("{\"access_token\":\"token-number-" + std::to_string(number) +
                       "\",\"token_type\":\"Bearer\",\"expires_in\":" + std::to_string(expires_in) +
                       "}");
  }
};

TEST_F(OAuth, ATokenIsFetchedOnceAndUsed) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string& request) {
    link.send(is_token(request) ? token_answer(0) : json_answer("{}"));
    return false;
  });
  broker::Broker broker({connection(peer)}, quick_options());
  ASSERT_EQ(text_of(Caller(broker).get("/a")), "200");
  ASSERT_EQ(text_of(Caller(broker).get("/b")), "200");
  const auto requests = peer.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_THAT(requests[0], HasSubstr("\r\nAuthorization: Basic bWU6czNjciUzQWV0JTJGJTJC\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("\r\n\r\ngrant_type=client_credentials&scope=read%20all"));
  EXPECT_THAT(requests[1], HasSubstr("GET /api/a "));
  EXPECT_THAT(requests[1], HasSubstr("\r\nAuthorization: Bearer token-number-0\r\n"));
  EXPECT_THAT(requests[2], HasSubstr("\r\nAuthorization: Bearer token-number-0\r\n"));
  EXPECT_EQ(broker.redact("token-number-0"), "***");
}

TEST_F(OAuth, ManyWaitForOneFetch) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string& request) {
    if (is_token(request)) {
      link.drip("HTTP/1.1", 20);
      link.send(token_answer(0).substr(8));
    } else {
      link.send(json_answer("{}"));
    }
    return false;
  });
  broker::Broker broker({connection(peer)}, quick_options());
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<std::future<wire::HttpAnswer>> answers;
  for (int i = 0; i < 4; ++i) {
    callers.push_back(std::make_unique<Caller>(broker));
    answers.push_back(callers.back()->begin({}));
  }
  for (auto& answer : answers) {
    EXPECT_EQ(text_of(answer.get()), "200");
  }
  EXPECT_EQ(peer.count(), 5U);
}

TEST_F(OAuth, ACancelledFetchIsTakenUpByTheNext) {
  std::atomic<int> fetches = 0;
  Peer peer([&fetches](Peer::Link& link, std::size_t, const std::string& request) {
    if (is_token(request) && fetches++ == 0) {
      link.wait_for_close();
    } else {
      link.send(is_token(request) ? token_answer(0) : json_answer("{}"));
    }
    return false;
  });
  broker::Broker broker({connection(peer)}, quick_options());
  Caller first(broker);
  auto lost = first.begin({});
  Caller second(broker);
  auto kept = second.begin({});
  while (fetches == 0) {
    std::this_thread::yield();
  }
  first.outlet().cancel();
  EXPECT_THAT(text_of(lost.get()), StartsWith("cancelled: "));
  EXPECT_EQ(text_of(kept.get()), "200");
}

TEST_F(OAuth, ATokenThatIsRefusedIsReplacedOnce) {
  Peer peer([](Peer::Link& link, std::size_t number, const std::string& request) {
    if (is_token(request)) {
      link.send(token_answer(static_cast<int>(number)));
    } else {
      const bool is_good = request.find("token-number-2") != std::string::npos;
      link.send(is_good ? json_answer("{}") : answer("401 Unauthorized", "", ""));
    }
    return false;
  });
  broker::Broker broker({connection(peer)}, quick_options());
  EXPECT_EQ(text_of(Caller(broker).get("/")), "200");
  EXPECT_EQ(peer.count(), 4U);
}

TEST_F(OAuth, ASecondRefusalIsAnAuthError) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string& request) {
    link.send(is_token(request) ? token_answer(0) : answer("401 Unauthorized", "", ""));
    return false;
  });
  broker::Broker broker({connection(peer)}, quick_options());
  EXPECT_THAT(text_of(Caller(broker).get("/")), StartsWith("auth: "));
  EXPECT_EQ(peer.count(), 4U);
}

TEST_F(OAuth, AShortLivedTokenIsUsedAtLeastOnce) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string& request) {
    link.send(is_token(request) ? token_answer(0, 0) : json_answer("{}"));
    return false;
  });
  broker::Broker broker({connection(peer)}, quick_options());
  EXPECT_EQ(text_of(Caller(broker).get("/")), "200");
  EXPECT_EQ(peer.count(), 2U);
}

TEST_F(OAuth, WhatTheTokenServerSaysIsTold) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {answer("401 No", "", "{\"error\":\"invalid_client\"}"), "auth: connection forge: POST "},
      {answer("400 No", "", "{\"error\":\"invalid_scope\"}"), "auth: "},
      {answer("200 OK", "", "{}"), "data: "},
      {answer("200 OK", "", "<html>"), "data: "},
      {answer("200 OK", "", "{\"access_token\":\"a\\r\\nX: y\"}"), "data: "},
      {answer("200 OK", "", std::string(70000, ' ')), "data: "},
      {answer("500 Oops", "", ""), "transient: "},
      {answer("429 Slow", "Retry-After: 500\r\n", ""), "rate_limited: "},
      {answer("302 Found", "Location: http://127.0.0.1:1/\r\n", ""), "auth: "},
  };
  for (const auto& [text, expected] : cases) {
    Peer peer({text});
    broker::Broker broker({connection(peer)}, quick_options());
    EXPECT_THAT(text_of(Caller(broker).get("/")),
                AllOf(StartsWith(expected), HasSubstr(peer.url("/token"))));
  }
}

}  // namespace
}  // namespace baselined::test
