// Who is trusted, and what an administrator is told when somebody is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/unit/broker/broker_world.h"
#include "tests/unit/broker/tls_peer.h"

namespace baselined::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Tls : public testing::Test {
 protected:
  config::Connection connection(const TlsPeer& peer, const Certificate& trusted) {
    config::Connection connection = connection_to(peer.url());
    connection.allow_http = false;
    connection.ca_file = folder_.write("ca.pem", trusted.certificate_pem);
    connection.auth.kind = config::Auth::Kind::bearer;
    connection.auth.secrets["token"] = secret_file(folder_.write("token", "glpat-0123456789"));
    return connection;
  }

  static std::string asked(const config::Connection& connection) {
    broker::Broker broker({connection}, quick_options());
    return text_of(Caller(broker).get("/a?b=c"));
  }

  const Folder folder_;
};

TEST_F(Tls, AServerThatTheCaFileSignedIsTrusted) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"));
  EXPECT_EQ(asked(connection(peer, certificate)), "200");
  EXPECT_THAT(peer.requests().at(0), HasSubstr("Bearer glpat-0123456789"));
  EXPECT_THAT(peer.offered_protocols(), HasSubstr("h2"));
  EXPECT_THAT(peer.offered_ciphers(), HasSubstr("ECDHE-ECDSA-AES128-GCM-SHA256 "));
  EXPECT_THAT(" " + peer.offered_ciphers(), testing::Not(HasSubstr(" DHE-")));
}

// Anybody on the way can do that.
TEST_F(Tls, AnAnswerWithoutALengthThatIsCutIsNotWhole) {
  const Certificate certificate = make_certificate();
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
  TlsPeerOptions options;
  options.just_closes = true;
  TlsPeer cut(certificate, head + "Connection: close\r\n\r\n[1, 23]", options);
  EXPECT_THAT(asked(connection(cut, certificate)), StartsWith("transient: "));
  TlsPeer with_length(certificate, head + "Content-Length: 7\r\n\r\n[1, 23]", options);
  EXPECT_EQ(asked(connection(with_length, certificate)), "200");
  TlsPeer whole(certificate, head + "Connection: close\r\n\r\n[1, 23]");
  EXPECT_EQ(asked(connection(whole, certificate)), "200");
}

// Most servers give it no length, and keep the connection.
TEST_F(Tls, AnAnswerToHeadHasNoBodyThatCouldBeCut) {
  const Certificate certificate = make_certificate();
  TlsPeerOptions options;
  options.just_closes = true;
  TlsPeer peer(certificate, "HTTP/1.1 200 OK\r\nETag: \"a\"\r\n\r\n", options);
  broker::Broker broker({connection(peer, certificate)}, quick_options());
  EXPECT_EQ(text_of(Caller(broker).ask({.method = "HEAD"})), "200");
}

TEST_F(Tls, AnAnswerThatIsEncodedAsItIsAndCutIsNotWhole) {
  const Certificate certificate = make_certificate();
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: identity\r\n\r\n"
      "[1, 23]";
  TlsPeerOptions options;
  options.just_closes = true;
  TlsPeer cut(certificate, answer, options);
  EXPECT_THAT(asked(connection(cut, certificate)), StartsWith("transient: "));
  TlsPeer whole(certificate, answer);
  EXPECT_EQ(asked(connection(whole, certificate)), "200");
}

// Records that hold no data come as fast as they can be read: nobody else would get a turn.
TEST_F(Tls, AServerThatUpdatesKeysForEverDoesNotHoldTheBroker) {
  const Certificate certificate = make_certificate();
  TlsPeerOptions options;
  options.updates_keys_for_ever = true;
  TlsPeer peer(certificate, "", options);
  config::Connection hostile = connection(peer, certificate);
  hostile.timeout = std::chrono::seconds(2);
  broker::Broker broker({hostile}, quick_options());
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(text_of(Caller(broker).ask({.method = "POST"})),
              AnyOf(HasSubstr("holds nothing, and was cut off"),
                    HasSubstr("nothing came within 1s")));  // of a client that is faster
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kForEver);
}

// libcurl 7.88 reads on inside one call while they come.
TEST_F(Tls, AServerThatSendsEmptyFramesForEverDoesNotHoldTheBroker) {
  const Certificate certificate = make_certificate();
  TlsPeerOptions options;
  options.sends_empty_frames = true;
  TlsPeer peer(certificate, "", options);
  Peer other({json_answer("{}")});
  config::Connection good = connection_to(other.url());
  good.name = "good";
  broker::Broker broker({connection(peer, certificate), good}, quick_options());
  Caller hostile(broker);
  const auto begun = std::chrono::steady_clock::now();
  auto answer = hostile.begin({.method = "POST"});
  wire::OutletRequest request;
  request.connection = "good";
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(text_of(Caller(broker, request).get("/")), "200");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kForEver);
  EXPECT_THAT(text_of(answer.get()), HasSubstr("holds nothing, and was cut off"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kForEver);
}

// What is cut off is not at its end, also where HTTP would take the end of a connection for that.
// A client that gets ahead of the server sees first that such trailers are none.
TEST_F(Tls, AnAnswerWhoseTrailersAreCutOffIsNotWhole) {
  const Certificate certificate = make_certificate();
  TlsPeerOptions options;
  options.sends_trailers = true;
  TlsPeer peer(certificate, "", options);
  broker::Broker broker({connection(peer, certificate)}, quick_options());
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(text_of(Caller(broker).ask({.method = "POST"})),
              AllOf(StartsWith("transient: "), AnyOf(HasSubstr("holds nothing, and was cut off"),
                                                     HasSubstr("PROTOCOL_ERROR"))));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kForEver);
}

// libcurl 7.88 forgets what has come for one request when another one of the same connection ends.
TEST_F(Tls, RequestsAtTheSameTimeDoNotShareAConnection) {
  const Certificate certificate = make_certificate();
  TlsPeerOptions options;
  options.answers_streams = true;
  TlsPeer peer(certificate, "", options);
  broker::Broker broker({connection(peer, certificate)}, quick_options());
  EXPECT_EQ(text_of(Caller(broker).get("/first")), "200");
  EXPECT_EQ(text_of(Caller(broker).get("/second")), "200");
  EXPECT_EQ(peer.connections(), 1U);  // it is kept
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<std::future<wire::HttpAnswer>> answers;
  for (int number = 0; number < 4; ++number) {
    callers.push_back(std::make_unique<Caller>(broker));
    answers.push_back(callers.back()->begin({}));
  }
  for (auto& each : answers) {
    EXPECT_EQ(text_of(each.get()), "200");
  }
  EXPECT_EQ(peer.connections(), 4U);
}

// A firewall forgets a connection without a word. libcurl would go on to ask over it: this run, all
// that come soon, and each attempt again.
TEST_F(Tls, AConnectionThatFellSilentIsNotUsedAgain) {
  const Certificate certificate = make_certificate();
  TlsPeerOptions options;
  options.falls_silent = true;
  // Of two attempts. Of the short one the second may be too short for a machine that is busy.
  for (const auto& [timeout, most] : {std::pair(std::chrono::milliseconds(2000), 2U),
                                      std::pair(std::chrono::milliseconds(900), 3U)}) {
    TlsPeer peer(certificate, "", options);
    config::Connection quick = connection(peer, certificate);
    quick.timeout = timeout;
    broker::Broker broker({quick}, quick_options());
    Caller caller(broker);
    EXPECT_EQ(text_of(caller.get("/first")), "200");
    EXPECT_EQ(text_of(caller.get("/silent")), "200");  // after half of it
    for (int number = 0; number < 3; ++number) {
      EXPECT_EQ(text_of(caller.get("/again")), "200");
    }
    EXPECT_LE(peer.connections(), most) << timeout.count();
  }
}

// libcurl asks again by itself: that counts too, and is bounded.
TEST_F(Tls, ARequestThatIsRefusedIsCountedAsOftenAsItIsSent) {
  const Certificate certificate = make_certificate();
  TlsPeerOptions options;
  options.refuses_streams = true;
  struct Case {
    std::string method;
    std::uint64_t most;
    std::size_t sent;
  };
  for (const Case& each : {Case{"POST", 0, 2}, Case{"POST", 1, 1}, Case{"GET", 0, 8},
                           Case{"GET", 1, 1}, Case{"GET", 5, 5}}) {
    TlsPeer peer(certificate, "", options);
    broker::Broker broker({connection(peer, certificate)}, quick_options());
    wire::OutletRequest request;
    request.max_requests = each.most;
    text_of(Caller(broker, request).ask({.method = each.method}));
    EXPECT_EQ(peer.requests().size(), each.sent) << each.method << " " << each.most;
    EXPECT_EQ(broker.stats().at(0).requests.at(0), each.sent) << each.method << " " << each.most;
  }
}

TEST_F(Tls, AServerThatNeverShakesHandsDoesNotHoldTheBroker) {
  const Certificate certificate = make_certificate();
  TlsPeerOptions options;
  options.never_shakes_hands = true;
  TlsPeer peer(certificate, "", options);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(asked(connection(peer, certificate)), HasSubstr("holds nothing, and was cut off"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kForEver);
}

TEST_F(Tls, ASelfSignedServerIsRefusedOnceWithAdvice) {
  TlsPeer peer(make_certificate(), json_answer("{}"));
  config::Connection strict = connection(peer, make_certificate());
  strict.ca_file.clear();
  EXPECT_THAT(asked(strict), AllOf(StartsWith("transient: connection forge: GET https://localhost"),
                                   HasSubstr("set ca_file")));
  EXPECT_THAT(peer.requests(), IsEmpty());
  EXPECT_EQ(peer.connections(), 1U);
}

TEST_F(Tls, TheEnvironmentDoesNotSayWhomToTrust) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"));
  config::Connection strict = connection(peer, certificate);
  for (const char* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
    ::setenv(name, strict.ca_file.c_str(), 1);
  }
  strict.ca_file.clear();
  EXPECT_THAT(asked(strict), StartsWith("transient: "));
  ::unsetenv("SSL_CERT_FILE");
  ::unsetenv("CURL_CA_BUNDLE");
}

TEST_F(Tls, AnotherAuthorityThanTheCaFileIsRefused) {
  TlsPeer peer(make_certificate(), json_answer("{}"));
  EXPECT_THAT(
      asked(connection(peer, make_certificate())),
      AllOf(StartsWith("transient: "), HasSubstr("not signed by the authority in ca_file")));
}

TEST_F(Tls, AnExpiredCertificateIsCalledSo) {
  const Certificate certificate = make_certificate({.begins_in_s = -7200, .ends_in_s = -3600});
  TlsPeer peer(certificate, json_answer("{}"));
  EXPECT_THAT(asked(connection(peer, certificate)),
              AllOf(StartsWith("transient: "), HasSubstr("has expired")));
  EXPECT_THAT(peer.requests(), IsEmpty());
}

TEST_F(Tls, ACertificateForAnotherHostIsCalledSo) {
  const Certificate certificate = make_certificate({.name = "DNS:other.example"});
  TlsPeer peer(certificate, json_answer("{}"));
  EXPECT_THAT(asked(connection(peer, certificate)),
              AllOf(StartsWith("transient: "), HasSubstr("is for another host")));
  EXPECT_THAT(peer.requests(), IsEmpty());
}

// libcurl repeats the name, and knows a connection that was cut off by the same words.
TEST_F(Tls, ACertificateCannotSayThatItsServerWasCutOff) {
  const Certificate certificate =
      make_certificate({.name = "", .common_name = "Bad file descriptor"});
  TlsPeer peer(certificate, json_answer("{}"));
  EXPECT_THAT(asked(connection(peer, certificate)),
              AllOf(HasSubstr("is for another host"), HasSubstr("Bad file descriptor")));
}

TEST_F(Tls, AnOldProtocolIsRefused) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"), {.highest_version = TLS1_1_VERSION});
  EXPECT_THAT(asked(connection(peer, certificate)),
              AllOf(StartsWith("transient: "), HasSubstr("older than 1.2")));
}

TEST_F(Tls, APlainServerIsCalledSo) {
  Peer plain({json_answer("{}")});
  config::Connection strict = connection_to("https://127.0.0.1:" + std::to_string(plain.port()));
  strict.allow_http = false;
  strict.auth.kind = config::Auth::Kind::bearer;
  strict.auth.secrets["token"] = secret_file(folder_.write("token", "glpat-0123456789"));
  broker::BrokerOptions options = quick_options();
  options.connect_timeout = std::chrono::seconds(1);
  broker::Broker broker({strict}, options);
  EXPECT_THAT(text_of(Caller(broker, {}, std::chrono::seconds(3)).get("/")),
              StartsWith("transient: "));
  for (const std::string& request : plain.requests()) {
    EXPECT_THAT(request, testing::Not(HasSubstr("glpat")));
  }
}

TEST_F(Tls, AClientShowsItsCertificateWithAKeyThatIsASecret) {
  const Certificate server = make_certificate();
  const Certificate client = make_certificate({.name = "DNS:client"});
  TlsPeer peer(server, json_answer("{}"), {.client_certificate_pem = client.certificate_pem});
  config::Connection mutual = connection(peer, server);
  EXPECT_THAT(asked(mutual), StartsWith("transient: "));
  mutual.client_certificate = folder_.write("client.pem", client.certificate_pem);
  mutual.client_key = secret_file(folder_.write("client.key", client.key_pem));
  EXPECT_EQ(asked(mutual), "200");
}

TEST_F(Tls, AKeyThatDoesNotBelongToItsCertificateIsNamed) {
  const Certificate server = make_certificate();
  TlsPeer peer(server, json_answer("{}"));
  config::Connection mutual = connection(peer, server);
  mutual.client_certificate = folder_.write("client.pem", server.certificate_pem);
  mutual.client_key = secret_file(folder_.write("client.key", make_certificate().key_pem));
  EXPECT_THAT(asked(mutual), AllOf(StartsWith("transient: "), HasSubstr("client.pem")));
}

TEST_F(Tls, ACaFileThatIsGoneIsNamed) {
  const Certificate server = make_certificate();
  TlsPeer peer(server, json_answer("{}"));
  config::Connection lost = connection(peer, server);
  lost.ca_file = folder_.path() / "gone.pem";
  EXPECT_THAT(asked(lost), AllOf(StartsWith("transient: "), HasSubstr("gone.pem")));
}

TEST_F(Tls, AProxyGetsATunnelAndNothingOfWhatGoesThroughIt) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"));
  Peer proxy([&peer](Peer::Link& link, std::size_t, const std::string&) {
    link.send("HTTP/1.1 200 Connection established\r\nX-Via: proxy\r\n\r\n");
    link.connect_through(peer.port());
    return false;
  });
  config::Connection tunneled = connection(peer, certificate);
  tunneled.proxy = proxy.url();
  tunneled.allow_networks.clear();  // only the proxy is connected
  broker::Broker broker({tunneled}, quick_options());
  const auto answer = Caller(broker).get("/a?b=c");
  ASSERT_EQ(text_of(answer), "200");
  for (const wire::HttpHeader& header : answer.response->headers) {
    EXPECT_NE(header.name, "x-via");
  }
  ASSERT_THAT(peer.requests(), testing::SizeIs(1));
  EXPECT_THAT(peer.requests().at(0), HasSubstr("Bearer glpat-0123456789"));
  ASSERT_THAT(proxy.requests(), testing::SizeIs(1));
  const std::string asked_of_proxy = proxy.requests().at(0);
  EXPECT_THAT(asked_of_proxy, StartsWith("CONNECT localhost:" + std::to_string(peer.port()) + " "));
  EXPECT_THAT(asked_of_proxy, testing::Not(testing::AnyOf(HasSubstr("glpat"), HasSubstr("b=c"))));
}

// The server's tickets come with its answer, in one record of the proxy's: nothing more arrives
// that would wake anybody.
TEST_F(Tls, BehindAProxyThatIsReachedWithTlsAnAnswerThatCameWithSomethingElseIsSeen) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"));
  TlsPeer proxy(certificate, "", {.tunnels_to = peer.port()});
  config::Connection tunneled = connection(peer, certificate);
  tunneled.proxy = proxy.url();
  tunneled.timeout = std::chrono::seconds(4);
  broker::Broker broker({tunneled}, quick_options());
  EXPECT_EQ(text_of(Caller(broker).ask({.method = "POST"})), "200");
  EXPECT_THAT(proxy.requests().at(0), testing::Not(HasSubstr("glpat")));
  EXPECT_THAT(" " + proxy.offered_ciphers(), testing::Not(HasSubstr(" DHE-")));
  EXPECT_THAT(peer.requests().at(0), HasSubstr("Bearer glpat-0123456789"));
}

// libcurl does not say why.
TEST_F(Tls, BehindAProxyThatIsReachedWithTlsTheCertificateIsStillTheSources) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(make_certificate(), json_answer("{}"));
  TlsPeer proxy(certificate, "", {.tunnels_to = peer.port()});
  config::Connection tunneled = connection(peer, certificate);
  tunneled.proxy = proxy.url();
  EXPECT_THAT(asked(tunneled), AllOf(StartsWith("transient: "),
                                     HasSubstr("is the server's certificate trusted (ca_file)")));
  EXPECT_THAT(peer.requests(), IsEmpty());
}

TEST_F(Tls, AProxyThatSpeaksOnlyOldTlsIsCalledSo) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"));
  TlsPeer proxy(certificate, "", {.highest_version = TLS1_1_VERSION});
  config::Connection tunneled = connection(peer, certificate);
  tunneled.proxy = proxy.url();
  EXPECT_THAT(asked(tunneled), AllOf(StartsWith("transient: "),
                                     HasSubstr("the proxy speaks only TLS older than 1.2")));
}

TEST_F(Tls, BehindAProxyTheCertificateIsStillTheSources) {
  TlsPeer peer(make_certificate(), json_answer("{}"));
  Peer proxy([&peer](Peer::Link& link, std::size_t, const std::string&) {
    link.send("HTTP/1.1 200 OK\r\n\r\n");
    link.connect_through(peer.port());
    return false;
  });
  config::Connection tunneled = connection(peer, make_certificate());
  tunneled.proxy = proxy.url();
  EXPECT_THAT(asked(tunneled), AllOf(StartsWith("transient: "), HasSubstr("authority in ca_file")));
  EXPECT_THAT(peer.requests(), IsEmpty());
}

TEST_F(Tls, AProxyWhoseRefusalNeverEndsDoesNotHoldTheBroker) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"));
  Peer proxy([](Peer::Link& link, std::size_t, const std::string&) {
    const std::string more(1 << 20, 'x');
    const auto end = std::chrono::steady_clock::now() + kForEver;
    bool goes_on = link.send("HTTP/1.1 407 No\r\nContent-Length: 99999999999\r\n\r\n");
    while (goes_on && std::chrono::steady_clock::now() < end) {
      goes_on = link.send(more);
    }
    return false;
  });
  config::Connection tunneled = connection(peer, certificate);
  tunneled.proxy = proxy.url();
  broker::Broker broker({tunneled}, quick_options());
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(text_of(Caller(broker).get("/a")),
              AllOf(StartsWith("transient: "), HasSubstr("holds nothing, and was cut off")));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kForEver);
}

TEST_F(Tls, AProxyThatIsReachedWithTlsMustShowACertificateOfTheCaFile) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"));
  TlsPeer proxy(certificate, answer("407 Proxy Authentication Required", "", ""));
  config::Connection tunneled = connection(peer, certificate);
  tunneled.proxy = proxy.url();
  EXPECT_THAT(asked(tunneled), HasSubstr("407"));
  EXPECT_THAT(proxy.requests(), testing::SizeIs(testing::Gt(0U)));

  const std::size_t asked_before = proxy.requests().size();
  tunneled.ca_file = folder_.write("other.pem", make_certificate().certificate_pem);
  EXPECT_THAT(asked(tunneled),
              HasSubstr("the proxy's certificate is not signed by the authority in ca_file"));
  tunneled.ca_file.clear();
  EXPECT_THAT(asked(tunneled), HasSubstr("the proxy's certificate is signed by nobody"));
  EXPECT_EQ(proxy.requests().size(), asked_before);
  EXPECT_THAT(peer.requests(), IsEmpty());
}

TEST_F(Tls, AProxyThatIsReachedWithTlsMustHaveItsNameInItsCertificate) {
  const Certificate certificate = make_certificate();
  const Certificate other = make_certificate({.name = "DNS:other.example"});
  TlsPeer peer(certificate, json_answer("{}"));
  TlsPeer proxy(other, "");
  config::Connection tunneled = connection(peer, other);
  tunneled.proxy = proxy.url();
  EXPECT_THAT(asked(tunneled),
              HasSubstr("the proxy's certificate is for another host: is proxy right?"));
}

struct Refusal {
  std::string answer;
  std::string said;
};

class TlsProxy : public Tls, public testing::WithParamInterface<Refusal> {};

TEST_P(TlsProxy, ThatGivesNoTunnelIsNamedAndGetsNoCredential) {
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, json_answer("{}"));
  Peer proxy({GetParam().answer});
  config::Connection tunneled = connection(peer, certificate);
  tunneled.proxy = proxy.url();
  tunneled.timeout = std::chrono::seconds(2);
  EXPECT_THAT(asked(tunneled), HasSubstr(GetParam().said));
  EXPECT_EQ(peer.connections(), 0U);
  for (const std::string& request : proxy.requests()) {
    EXPECT_THAT(request, testing::Not(HasSubstr("glpat")));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Proxies, TlsProxy,
    testing::Values(Refusal{answer("407 Proxy Authentication Required",
                                   "Proxy-Authenticate: Basic realm=\"x\"\r\n", "no"),
                            "407"},
                    Refusal{answer("503 Service Unavailable", "", "no"), "503"},
                    Refusal{answer("302 Found", "Location: http://127.0.0.1:1/\r\n", ""), "302"},
                    Refusal{"HTTP/1.1 200 OK\r\n" + std::string(200'000, 'x'), "the proxy"},
                    Refusal{"SSH-2.0-OpenSSH\r\n", "the proxy"}));

TEST_F(Tls, ARedirectToHttpIsNotFollowed) {
  Peer plain({json_answer("{}")});
  const Certificate certificate = make_certificate();
  TlsPeer peer(certificate, answer("302 Found", "Location: " + plain.url("/x") + "\r\n", ""));
  config::Connection both = connection(peer, certificate);
  both.allow_http = true;
  EXPECT_THAT(asked(both), AllOf(StartsWith("data: "), HasSubstr("without TLS")));
  EXPECT_EQ(plain.connections(), 0U);
}

}  // namespace
}  // namespace baselined::test
