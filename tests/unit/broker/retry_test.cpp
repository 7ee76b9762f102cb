// When a request is made again, and when the broker gives up instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/broker/broker_world.h"

namespace baselined::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string failing(const std::string& status, const std::string& headers = "") {
  return answer(status, headers, "secret body");
}

struct Result {
  wire::HttpAnswer answer;
  std::string text;
  milliseconds time;
};

Result ask(broker::Broker& broker, const std::string& method = "GET",
           milliseconds time = seconds(20)) {
  const auto begun = std::chrono::steady_clock::now();
  wire::HttpAnswer answer = Caller(broker, {}, time).ask({.method = method, .target = "/a?b=c"});
  const auto taken = std::chrono::steady_clock::now() - begun;
  std::string text = text_of(answer);
  return {std::move(answer), text, std::chrono::duration_cast<milliseconds>(taken)};
}

TEST(Retries, AServerThatRecoversIsAskedAgain) {
  Peer peer({failing("500 Oops"), failing("502 Bad"), json_answer("{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  EXPECT_EQ(ask(broker).text, "200");
  EXPECT_EQ(peer.count(), 3U);
}

TEST(Retries, AServerThatDoesNotRecoverIsATransientFailureAfterFourAttempts) {
  Peer peer({failing("503 Busy")});
  broker::Broker broker({connection_to(peer.url("/api/v4"))}, quick_options());
  EXPECT_EQ(ask(broker).text, "transient: connection forge: GET " + peer.url("/api/v4/a") +
                                  ": HTTP 503 after 4 attempts");
  EXPECT_EQ(peer.count(), 4U);
}

TEST(Retries, APostIsMadeAgainOnlyWhereNothingWasDone) {
  Peer storm({failing("500 Oops")});
  Peer busy({failing("503 Busy")});
  Peer cut({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"});
  for (auto& [peer, count] : {std::pair(&storm, 1U), std::pair(&busy, 4U), std::pair(&cut, 1U)}) {
    broker::Broker broker({connection_to(peer->url())}, quick_options());
    EXPECT_THAT(ask(broker, "POST").text, StartsWith("transient: "));
    EXPECT_EQ(peer->count(), count);
  }
}

TEST(Retries, AnAnswerThatBreaksOffIsAskedForAgain) {
  Peer peer({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", json_answer("{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  EXPECT_EQ(ask(broker).text, "200");
}

TEST(Retries, ItGivesUpBeforeTheDeadline) {
  Peer peer({failing("500 Oops")});
  broker::BrokerOptions options = quick_options();
  options.backoff_base = minutes(10);
  options.random = [] { return 0.9; };
  broker::Broker broker({connection_to(peer.url())}, options);
  const Result result = ask(broker);
  EXPECT_THAT(result.text, AllOf(StartsWith("transient: "), EndsWith("HTTP 500")));
  EXPECT_LT(result.time, seconds(10));
}

TEST(Retries, AnAttemptEndsBeforeTheDeadline) {
  Peer peer([](Peer::Link& link, std::size_t, const std::string&) {
    link.wait_for_close();
    return false;
  });
  broker::BrokerOptions options = quick_options();
  options.deadline_margin = milliseconds(2500);
  broker::Broker broker({connection_to(peer.url())}, options);
  const Result result = ask(broker, "GET", milliseconds(3000));
  EXPECT_THAT(result.text, StartsWith("transient: "));
  EXPECT_GE(result.time, milliseconds(400));
  EXPECT_LT(result.time, milliseconds(3000));
}

TEST(Retries, ADeadlineThatIsOverIsAnsweredAtOnce) {
  Peer peer({json_answer("{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  EXPECT_THAT(ask(broker, "GET", milliseconds(-1000)).text, StartsWith("transient: "));
  EXPECT_EQ(peer.connections(), 0U);
}

TEST(RateLimits, AShortWaitIsWaited) {
  for (const std::string& refusal :
       {failing("429 Slow", "Retry-After: 1\r\n"), failing("403 No", "Retry-After: 1\r\n"),
        failing("429 Slow", "RateLimit-Remaining: 0\r\nRateLimit-Reset: 1\r\n")}) {
    Peer peer({refusal, json_answer("{}")});
    broker::Broker broker({connection_to(peer.url())}, quick_options());
    const Result result = ask(broker);
    EXPECT_EQ(result.text, "200");
    EXPECT_GE(result.time, milliseconds(990));
    EXPECT_LT(result.time, seconds(5));
  }
}

struct LongWait {
  std::string answer;
  seconds least;
  seconds most;
};

TEST(RateLimits, ALongWaitIsToldAtOnce) {
  const auto epoch =
      std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const LongWait cases[] = {
      {failing("429 Slow", "Retry-After: 100\r\n"), seconds(98), seconds(100)},
      {failing("429 Slow"), seconds(60), seconds(60)},
      {failing("429 Slow", "Retry-After: -5\r\n"), seconds(60), seconds(60)},
      {failing("429 Slow", "Retry-After: later\r\n"), seconds(60), seconds(60)},
      {failing("429 Slow", "Retry-After: 999999999999999999999\r\n"), seconds(86400 * 364),
       seconds(86400 * 366)},
      {failing("429 Slow", "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n"), seconds(86400 * 364),
       seconds(86400 * 366)},
      {failing("403 No", "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: " +
                             std::to_string(epoch + 200) + "\r\n"),
       seconds(190), seconds(201)},
  };
  for (const LongWait& each : cases) {
    SCOPED_TRACE(each.answer);
    Peer peer({each.answer});
    broker::Broker broker({connection_to(peer.url())}, quick_options());
    const Result first = ask(broker);
    EXPECT_THAT(first.text, StartsWith("rate_limited: connection forge: GET "));
    EXPECT_GE(first.answer.retry_after, each.least - seconds(1));
    EXPECT_LE(first.answer.retry_after, each.most);
    EXPECT_LT(first.time, seconds(10));
    const Result second = ask(broker);  // of another run: the source is not even asked
    EXPECT_THAT(second.text, AllOf(StartsWith("rate_limited: "), HasSubstr("no more requests")));
    EXPECT_GT(second.answer.retry_after, seconds(50));
    EXPECT_EQ(peer.count(), 1U);
  }
}

TEST(RateLimits, ARefusalCountsWhateverIsWrongWithItsBody) {
  const std::string cut = "HTTP/1.1 429 Slow\r\nRetry-After: 100\r\nContent-Length: 9\r\n\r\nhalf";
  const std::string odd = failing("429 Slow", "Retry-After: 100\r\nContent-Encoding: br\r\n");
  for (const std::string& refusal : {cut, odd}) {
    Peer peer({refusal});
    broker::Broker broker({connection_to(peer.url())}, quick_options());
    EXPECT_THAT(ask(broker).text, StartsWith("rate_limited: "));
    EXPECT_EQ(peer.count(), 1U);
  }
}

TEST(RateLimits, AForbiddenRequestIsNoRateLimit) {
  Peer peer({failing("403 No", "X-RateLimit-Remaining: 17\r\n")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  EXPECT_EQ(ask(broker).text, "403");
}

TEST(RateLimits, TheLastRequestOfAWindowIsAnsweredAndTheNextWaits) {
  Peer peer({answer("200 OK",
                    "Content-Type: application/json\r\nX-RateLimit-Remaining: 0\r\n"
                    "X-RateLimit-Reset: 300\r\n",
                    "{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  EXPECT_EQ(ask(broker).text, "200");
  EXPECT_THAT(ask(broker).text, StartsWith("rate_limited: "));
}

TEST(RateLimits, OneConnectionDoesNotBlockAnother) {
  Peer peer({failing("429 Slow"), json_answer("{}")});
  config::Connection other = connection_to(peer.url());
  other.name = "other";
  broker::Broker broker({connection_to(peer.url()), other}, quick_options());
  EXPECT_THAT(ask(broker).text, StartsWith("rate_limited: "));
  wire::OutletRequest request;
  request.connection = "other";
  EXPECT_EQ(text_of(Caller(broker, request).get("/")), "200");
}

TEST(RateLimits, AReloadDoesNotForgetABlock) {
  Peer peer({failing("429 Slow")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  ask(broker);
  broker.configure({connection_to(peer.url("/elsewhere"))});
  EXPECT_THAT(ask(broker).text, StartsWith("rate_limited: "));
  EXPECT_EQ(peer.count(), 1U);
}

TEST(PaceOfAConnection, NoMoreAtOnceThanAllowed) {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  Peer peer([&](Peer::Link& link, std::size_t, const std::string&) {
    most = std::max(most.load(), ++now);
    link.drip("HTTP", 25);
    --now;
    link.send(json_answer("{}").substr(4));
    return false;
  });
  config::Connection connection = connection_to(peer.url());
  connection.max_concurrent = 2;
  broker::Broker broker({connection}, quick_options());
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<std::future<wire::HttpAnswer>> answers;
  for (int i = 0; i < 6; ++i) {
    callers.push_back(std::make_unique<Caller>(broker));
    answers.push_back(callers.back()->begin({.method = "POST"}));
  }
  for (auto& answer : answers) {
    EXPECT_EQ(text_of(answer.get()), "200");
  }
  EXPECT_EQ(peer.count(), 6U);
  EXPECT_EQ(most, 2);
}

TEST(PaceOfAConnection, StartsAreApartByTheGap) {
  Peer peer({json_answer("{}")});
  config::Connection connection = connection_to(peer.url());
  connection.min_gap = milliseconds(200);
  broker::Broker broker({connection}, quick_options());
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(ask(broker).text, "200");
  }
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(600));
}

TEST(Statistics, CountWhatHappened) {
  Peer peer(
      {failing("500 Oops"), answer("200 OK",
                                   "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
                                   "X-RateLimit-Remaining: 41\r\nX-RateLimit-Reset: 60\r\n",
                                   gzip("[" + std::string(10000, ' ') + "]"))});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  EXPECT_EQ(ask(broker).text, "200");
  const auto all = broker.stats();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "forge");
  EXPECT_EQ(all[0].requests, (std::array<std::uint64_t, 6>{0, 0, 1, 0, 0, 1}));
  EXPECT_EQ(all[0].retries, 1U);
  EXPECT_EQ(all[0].ended, 2U);
  EXPECT_EQ(all[0].in_flight, 0U);
  EXPECT_EQ(all[0].received_bytes, 10002U + 11U);
  EXPECT_GT(all[0].wire_bytes, 100U);
  EXPECT_LT(all[0].wire_bytes, 1000U);
  EXPECT_GT(all[0].seconds, 0.0);
  EXPECT_EQ(all[0].rate_remaining, 41U);
  EXPECT_TRUE(all[0].rate_reset.has_value());
  EXPECT_FALSE(all[0].blocked_until.has_value());
}

}  // namespace
}  // namespace baselined::test
