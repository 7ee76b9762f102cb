// Answers that never end, are too large, or lie: each ends with its code, in bounded time.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/unit/broker/broker_world.h"

namespace baselined::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kJson = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

// Sends the same bytes until the client is gone.
Peer::Answer endless(const std::string& start, const std::string& again) {
  return [start, again](Peer::Link& link, std::size_t, const std::string&) {
    for (bool goes_on = link.send(start); goes_on; goes_on = link.send(again)) {
    }
    return false;
  };
}

Peer::Answer hanging(const std::string& bytes) {
  return [bytes](Peer::Link& link, std::size_t, const std::string&) {
    link.send(bytes);
    link.wait_for_close();
    return false;
  };
}

struct Timed {
  std::string text;
  milliseconds time;
};

// POST: one attempt, where the request may have arrived.
Timed post(Peer& peer, broker::BrokerOptions options = quick_options(),
           config::Connection connection = {}, std::string body = {}) {
  connection.base_url = peer.url();
  connection.name = "forge";
  connection.allow_http = true;
  connection.allow_networks = {"127.0.0.0/8"};
  broker::Broker broker({connection}, std::move(options));
  std::vector<wire::HttpHeader> headers;
  if (!body.empty()) {
    headers.push_back({"Content-Type", "text/plain"});
  }
  const auto begun = std::chrono::steady_clock::now();
  std::string text = text_of(Caller(broker).ask(
      {.method = "POST", .target = "/p", .headers = headers, .body = std::move(body)}));
  return {text, std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun)};
}

// Listens, but its queue is full: the kernel drops whoever wants to connect.
class FullListener {
 public:
  FullListener() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const general = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, general, size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    EXPECT_EQ(::getsockname(listener_, general, &size), 0);
    port_ = ntohs(address.sin_port);
    for (int& client : clients_) {
      client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      EXPECT_LE(::connect(client, general, size), 0);
    }
  }
  ~FullListener() {
    for (const int client : clients_) {
      ::close(client);
    }
    ::close(listener_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::array<int, 3> clients_{};
};

TEST(Bounds, APeerThatNeverAcceptsMeetsTheConnectTimeout) {
  const FullListener full;
  broker::BrokerOptions options = quick_options();
  options.connect_timeout = milliseconds(200);
  broker::Broker broker({connection_to(full.url())}, options);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(text_of(Caller(broker).ask({.method = "POST"})),
              AllOf(StartsWith("transient: "), HasSubstr("cannot connect in time"),
                    HasSubstr("after 4 attempts")));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(5));
}

TEST(Bounds, APeerThatNeverAnswersIsGivenUpAfterHalfOfTheTimeout) {
  Peer peer(hanging(""));
  config::Connection connection;
  connection.timeout = seconds(4);
  const Timed result = post(peer, quick_options(), connection);
  EXPECT_THAT(result.text, AllOf(StartsWith("transient: "), HasSubstr("nothing came within 2s")));
  EXPECT_GE(result.time, seconds(2));
}

// It reads 8 MB in more than two seconds. Half of the timeout is for what it does then.
TEST(Bounds, ASourceThatIsStillReadingIsNotSilent) {
  Peer peer(
      [](Peer::Link& link, std::size_t, const std::string&) {
        link.send(json_answer("{}"));
        return false;
      },
      milliseconds(20));
  config::Connection connection;
  connection.timeout = seconds(4);
  const Timed result = post(peer, quick_options(), connection, std::string(8'000'000, 'x'));
  EXPECT_EQ(result.text, "200");
  EXPECT_GT(result.time, seconds(2));
}

TEST(Bounds, AnAnswerThatBeginsAndDoesNotEndMeetsTheTimeout) {
  Peer peer(hanging(std::string(kJson) + "Content-Length: 10\r\n\r\n{"));
  config::Connection connection;
  connection.timeout = milliseconds(300);
  const Timed result = post(peer, quick_options(), connection);
  EXPECT_THAT(result.text, AllOf(StartsWith("transient: "), HasSubstr("no whole answer in time")));
  EXPECT_LT(result.time, seconds(10));
}

TEST(Bounds, ASourceThatThinksForLongerThanAnAnswerMayDripIsWaitedFor) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string&) {
    std::this_thread::sleep_for(milliseconds(2500));
    link.send(json_answer("{}"));
    return false;
  });
  broker::BrokerOptions options = quick_options();
  options.low_speed_time = seconds(1);
  EXPECT_EQ(post(peer, options).text, "200");
}

// "Still at it" (102) or "Early Hints" (103) is no answer that has begun.
TEST(Bounds, ASourceThatSaysThatItThinksIsWaitedForToo) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string&) {
    link.send("HTTP/1.1 102 Processing\r\n\r\n");
    std::this_thread::sleep_for(milliseconds(3500));
    link.send(json_answer("{}"));
    return false;
  });
  broker::BrokerOptions options = quick_options();
  options.low_speed_time = seconds(1);
  EXPECT_EQ(post(peer, options).text, "200");
}

TEST(Bounds, AnAnswerThatDripsIsGivenUp) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string&) {
    link.send(std::string(kJson) + "Content-Length: 10000\r\n\r\n");
    link.drip(std::string(10000, ' '), 200);
    return false;
  });
  broker::BrokerOptions options = quick_options();
  options.low_speed_time = seconds(1);
  const Timed result = post(peer, options);
  EXPECT_THAT(result.text, AllOf(StartsWith("transient: "), HasSubstr("too slowly")));
  EXPECT_LT(result.time, seconds(6));
}

TEST(Bounds, AnAnswerThatIsSlowButGoesOnIsTaken) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string&) {
    link.send(std::string(kJson) + "Content-Length: 4002\r\n\r\n{");
    link.drip(std::string(4000, ' '), 1);
    link.send("}");
    return false;
  });
  broker::BrokerOptions options = quick_options();
  options.low_speed_time = seconds(2);
  EXPECT_EQ(post(peer, options).text, "200");
}

TEST(Bounds, AHeadThatNeverEndsIsGivenUp) {
  Peer peer(endless(std::string(kJson), "X-Flood: " + std::string(3000, 'x') + "\r\n"));
  const Timed result = post(peer);
  EXPECT_THAT(result.text, AllOf(StartsWith("data: "), HasSubstr("64 KiB or 200 headers")));
  EXPECT_LT(result.time, seconds(5));
}

TEST(Bounds, TooManyHeadersAreGivenUp) {
  std::string head(kJson);
  for (int i = 0; i < 201; ++i) {
    head += "X: y\r\n";
  }
  Peer peer({head + "Content-Length: 2\r\n\r\n{}"});
  EXPECT_THAT(post(peer).text, StartsWith("data: "));
}

TEST(Bounds, TwoLengthsThatDifferLeaveOpenWhereAnAnswerEnds) {
  Peer peer({std::string(kJson) + "Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}"});
  EXPECT_THAT(post(peer).text, AllOf(StartsWith("data: "), HasSubstr("the head of the answer")));
  Peer same({std::string(kJson) + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"});
  EXPECT_EQ(post(same).text, "200");
}

// Of such libcurl reads the first digits, and takes that part of the body for the whole; where
// there are too many, it takes whatever comes for the whole.
TEST(Bounds, ALengthThatIsNoNumberIsNoLength) {
  for (const std::string length : {"2, 4", "2 4", "2x4", "0x4", "+4", "-4", "2.5", "2;4",
                                   "99999999999999999999999", "9999999999999999999"}) {
    Peer peer({std::string(kJson) + "Content-Length: " + length + "\r\n\r\n{}{}"});
    EXPECT_THAT(post(peer).text, StartsWith("data: ")) << length;
  }
  Peer peer({std::string(kJson) + "Content-Length:0002 \r\n\r\n{}"});
  EXPECT_EQ(post(peer).text, "200");
}

// libcurl passes over it, and takes whatever comes until the end for the body.
TEST(Bounds, AHeaderThatOnlyLooksLikeALengthIsNoLength) {
  for (const std::string header :
       {"Content-Length : 9", " Content-Length: 9", "Transfer-Encoding : chunked"}) {
    Peer peer({std::string(kJson) + header + "\r\n\r\n{}"});
    EXPECT_THAT(post(peer).text, StartsWith("data: ")) << header;
  }
}

TEST(Bounds, ALineOfTheHeadThatNeverEndsIsGivenUp) {
  Peer peer(endless(std::string(kJson) + "X-Flood: ", std::string(65536, 'x')));
  EXPECT_THAT(post(peer).text, AllOf(StartsWith("data: "), HasSubstr("64 KiB or 200 headers")));
}

TEST(Bounds, AnAnswerThatNobodyAskedForIsNone) {
  Peer peer({"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"});
  EXPECT_THAT(post(peer).text, testing::AnyOf(StartsWith("data: "), StartsWith("transient: ")));
}

TEST(Bounds, WhatIsNoHttpIsNoAnswer) {
  for (const std::string text : {"SSH-2.0-OpenSSH_9.2\r\n", "220 mail ESMTP\r\n", "\0\1\2\3", ""}) {
    Peer peer({text});
    const std::string told = post(peer).text;
    EXPECT_THAT(told, testing::AnyOf(StartsWith("data: "), StartsWith("transient: ")));
  }
}

TEST(Bounds, AFloodOfInformationIsGivenUp) {
  Peer peer(endless("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"));
  const Timed result = post(peer);
  EXPECT_THAT(result.text, StartsWith("data: "));
  EXPECT_LT(result.time, seconds(5));
}

TEST(Bounds, ABodyThatEndsTooEarlyIsNoAnswer) {
  Peer peer({std::string(kJson) + "Content-Length: 100\r\n\r\n{\"a\":1}"});
  EXPECT_THAT(post(peer).text, AllOf(StartsWith("transient: "), HasSubstr("ends too early")));
}

TEST(Bounds, ABrokenChunkIsNoAnswer) {
  Peer peer(
      {std::string(kJson) + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\nZZ\r\n1}\r\n"});
  EXPECT_THAT(post(peer).text, StartsWith("transient: "));
}

TEST(Bounds, ChunksThatStopAreNoAnswer) {
  Peer peer({std::string(kJson) + "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n"});
  EXPECT_THAT(post(peer).text, StartsWith("transient: "));
}

TEST(Bounds, ACompressedBodyThatStopsIsNoAnswer) {
  const std::string whole = gzip("{\"a\":\"" + std::string(1000, 'b') + "\"}");
  Peer peer({answer("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
                    whole.substr(0, whole.size() - 9))});
  EXPECT_THAT(post(peer).text,
              AllOf(StartsWith("transient: "), HasSubstr("broken or ends too early")));
}

TEST(Bounds, AGzipBombIsGivenUpByItsRatio) {
  const std::string bomb = gzip(std::string(50 << 20, ' '));
  Peer peer(
      {answer("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", bomb)});
  const Timed result = post(peer);
  EXPECT_THAT(result.text, AllOf(StartsWith("data: "), HasSubstr("more than 200 times")));
  EXPECT_LT(result.time, seconds(5));
}

TEST(Bounds, AnEncodingThatNobodyAskedForIsRefused) {
  for (const std::string header : {"Content-Encoding: br\r\n", "Content-Encoding: gzip, gzip\r\n",
                                   "Transfer-Encoding: gzip, chunked\r\n",
                                   "Transfer-Encoding: identity\r\nTransfer-Encoding: gzip\r\n"}) {
    Peer peer({answer("200 OK", "Content-Type: application/json\r\n" + header, gzip("{}"))});
    EXPECT_THAT(post(peer).text, testing::AnyOf(StartsWith("data: "), StartsWith("transient: ")))
        << header;
  }
}

TEST(Bounds, ABodyWithoutEndMeetsTheCapOfTheConnection) {
  Peer peer(endless(std::string(kJson) + "\r\n", std::string(65536, ' ')));
  config::Connection connection;
  connection.max_response_mib = 2;
  const Timed result = post(peer, quick_options(), connection);
  EXPECT_THAT(result.text, AllOf(StartsWith("limit: "), HasSubstr("larger than 2 MiB"),
                                 HasSubstr("max_response_mib")));
  EXPECT_LT(result.time, seconds(5));
}

TEST(Bounds, AnHonestLargeAnswerPasses) {
  std::string body = "[";
  for (unsigned i = 0; i < 300'000; ++i) {
    body += std::to_string(i * 7919 % 1000) + ",";
  }
  body += "0]";
  Peer peer({answer("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
                    gzip(body))});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  const auto answer = Caller(broker).get("/");
  ASSERT_EQ(text_of(answer), "200");
  EXPECT_EQ(answer.response->body, body);
}

TEST(Bounds, TheRunsBytesAreCounted) {
  Peer peer({json_answer("[" + std::string(700'000, ' ') + "]")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  wire::OutletRequest request;
  request.max_bytes = 1 << 20;
  Caller caller(broker, request);
  ASSERT_EQ(text_of(caller.get("/")), "200");
  EXPECT_EQ(caller.outlet().limit_hit(), "");
  const std::string text = text_of(caller.get("/"));
  EXPECT_THAT(text, AllOf(StartsWith("limit: "),
                          HasSubstr("to allow more, set response_mib in [collector.limits] of "
                                    "collector tickets")));
  EXPECT_EQ(caller.outlet().limit_hit(), "response_data");
}

TEST(Bounds, TheRunsRequestsAreCounted) {
  Peer peer({json_answer("{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  wire::OutletRequest request;
  request.max_requests = 2;
  Caller caller(broker, request);
  ASSERT_EQ(text_of(caller.get("/")), "200");
  ASSERT_EQ(text_of(caller.get("/")), "200");
  EXPECT_THAT(text_of(caller.get("/")),
              AllOf(StartsWith("limit: "), HasSubstr("set requests in [collector.limits] of "
                                                     "collector tickets")));
  EXPECT_EQ(caller.outlet().limit_hit(), "requests");
  EXPECT_EQ(peer.count(), 2U);
}

TEST(Bounds, AttemptsCountAsRequests) {
  Peer peer({answer("500 Oops", "", "")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  wire::OutletRequest request;
  request.max_requests = 2;
  EXPECT_THAT(text_of(Caller(broker, request).get("/")), StartsWith("limit: "));
  EXPECT_EQ(peer.count(), 2U);
}

TEST(Bounds, WhatIsNotJsonIsNoAnswer) {
  const std::vector<std::string> answers = {
      answer("200 OK", "Content-Type: text/html\r\n", "<html>login</html>"),
      answer("200 OK", "", "<html>login</html>"),
      answer("200 OK", "Content-Type: application/json\r\n", ""),
      answer("201 Created", "Content-Type: text/plain\r\n", "ok"),
  };
  for (const std::string& text : answers) {
    Peer peer({text});
    broker::Broker broker({connection_to(peer.url())}, quick_options());
    EXPECT_THAT(text_of(Caller(broker).get("/")),
                AllOf(StartsWith("data: "), HasSubstr("instead of JSON: is base_url right")));
  }
}

TEST(Bounds, WhatCouldBeJsonIsAnAnswer) {
  const std::vector<std::string> answers = {
      answer("200 OK", "", " \n[1]"),
      answer("200 OK", "Content-Type: application/vnd.github+json; charset=utf-8\r\n", "{}"),
      answer("200 OK", "Content-Type: TEXT/JSON\r\n", "{}"),
      answer("204 No Content", "", ""),
      answer("202 Accepted", "", ""),
  };
  for (const std::string& text : answers) {
    Peer peer({text});
    broker::Broker broker({connection_to(peer.url())}, quick_options());
    EXPECT_THAT(text_of(Caller(broker).get("/")), StartsWith("20")) << text;
  }
}

TEST(Bounds, APluginThatAcceptsMoreGetsMore) {
  Peer peer({answer("200 OK", "Content-Type: text/csv\r\n", "a,b")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  EXPECT_EQ(text_of(Caller(broker).ask({.headers = {{"accept", "text/csv, application/json"}}})),
            "200");
}

TEST(Bounds, ThePeerThatIsNotThereIsNamed) {
  std::uint16_t port = 0;
  {
    Peer gone({json_answer("{}")});
    port = gone.port();
  }
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  broker::Broker broker({connection_to(url)}, quick_options());
  const std::string text = text_of(Caller(broker).get("/a?b=c"));
  EXPECT_THAT(text, StartsWith("transient: connection forge: GET " + url + "/a: cannot connect"));
  EXPECT_THAT(text, HasSubstr("after 4 attempts"));
}

}  // namespace
}  // namespace baselined::test
