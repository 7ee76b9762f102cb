// A worker asks for HTTP: what the session does with an Egress that a test plays.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/unit/host/host_world.h"

namespace baselined::host {
namespace {

using testing::HasSubstr;

// Answers every request in the same way, on a thread of its own, or never.
class FakeEgress final : public wire::Egress {
 public:
  Result<std::unique_ptr<wire::Outlet>> open(wire::OutletRequest request) override;

  std::optional<wire::HttpAnswer> answer;  // nothing: none comes
  std::vector<wire::HttpRequest> requests;
  std::vector<wire::OutletRequest> outlets;
  std::string limit_hit;
  int cancels = 0;
};

class FakeOutlet final : public wire::Outlet {
 public:
  explicit FakeOutlet(FakeEgress& egress) : egress_(egress) {}
  ~FakeOutlet() override { join(); }

  void send(wire::HttpRequest request, OnAnswer on_answer) override {
    egress_.requests.push_back(std::move(request));
    on_answer_ = std::move(on_answer);
    if (egress_.answer) {
      reply(*egress_.answer);
    }
  }
  void cancel() override {
    ++egress_.cancels;
    if (on_answer_) {
      reply({Error(Error::Code::cancelled, "cancelled")});
    }
  }
  std::string limit_hit() const override { return egress_.limit_hit; }

 private:
  void reply(wire::HttpAnswer answer) {
    join();
    thread_ = std::thread([on_answer = std::exchange(on_answer_, nullptr),
                           answer = std::move(answer)]() mutable { on_answer(std::move(answer)); });
  }
  void join() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  FakeEgress& egress_;
  OnAnswer on_answer_;
  std::thread thread_;
};

Result<std::unique_ptr<wire::Outlet>> FakeEgress::open(wire::OutletRequest request) {
  outlets.push_back(std::move(request));
  return std::make_unique<FakeOutlet>(*this);
}

struct HttpWorld : HostWorld {
  HttpWorld() { options.egress = egress; }

  RunReport ask(const std::string& behaviour = "ask") {
    RunRequest request;
    request.collector = fake_collector(behaviour);
    request.collector.connection = "forge";
    request.collector.limits.requests = 7;
    request.collector.limits.response_mib = 2;
    return run(std::move(request));
  }
  void answer(int status, std::string body) {
    wire::HttpResponse response;
    response.status = status;
    response.headers = {{"etag", "\"1\""}, {"x-name", "caf\xE9"}};
    response.body = std::move(body);
    egress->answer = wire::HttpAnswer{std::move(response)};
  }

  // Of the only answer that something is kept of; empty: of none.
  std::string kept_etag() const {
    EXPECT_LE(sink->validators.size(), 1U);
    return sink->validators.empty() ? "" : sink->validators.begin()->second.etag;
  }

  std::shared_ptr<FakeEgress> egress = std::make_shared<FakeEgress>();
};

TEST(Http, ARequestAndItsAnswerPassWhole) {
  HttpWorld world;
  world.answer(200, "{}");
  const RunReport report = world.ask();
  EXPECT_EQ(report.warnings, "200 etag \"1\" x-name caf\xEF\xBF\xBD body 2");
  ASSERT_EQ(world.egress->requests.size(), 1U);
  const wire::HttpRequest& request = world.egress->requests.front();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/search?q=1");
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(request.headers.front().name, "accept");
  EXPECT_EQ(request.headers.front().value, "text/plain");
  EXPECT_EQ(request.body, std::string_view("\0\xFF", 2));
  EXPECT_EQ(request.timeout, std::chrono::milliseconds(1500));
}

TEST(Http, WhatASourceSaidOfAnAnswerIsKeptWithTheRowsOfThatAnswer) {
  HttpWorld world;
  world.answer(200, "{}");
  world.ask("ask_conditionally_and_fail");
  EXPECT_EQ(world.kept_etag(), "") << "its rows were not stored";
  world.sink->validators.clear();
  world.ask("ask_conditionally");
  EXPECT_EQ(world.kept_etag(), "\"1\"");
  EXPECT_EQ(world.egress->requests.back().etag, "");
  world.answer(304, "");
  world.ask("ask_conditionally");
  EXPECT_EQ(world.egress->requests.back().etag, "\"1\"");
  EXPECT_EQ(world.kept_etag(), "\"1\"") << "a 304 says nothing new";
}

TEST(Http, ThatNothingChangedIsNoAnswerToARequestThatDidNotAsk) {
  HttpWorld world;
  world.answer(304, "");
  EXPECT_EQ(world.ask().warnings,
            "failed 5 after 0 ms: connection forge: POST /search: HTTP 304, which says that "
            "nothing changed, to a request that did not ask");
}

TEST(Http, ARunThatReadsEverythingAgainAsksForEverything) {
  HttpWorld world;
  world.answer(200, "{}");
  world.ask("ask_conditionally");
  EXPECT_EQ(world.kept_etag(), "\"1\"");
  RunRequest request;
  request.collector = fake_collector("ask_conditionally");
  request.collector.connection = "forge";
  request.mode = wire::RunMode::full;
  EXPECT_EQ(world.run(std::move(request)).outcome(), "ok");
  EXPECT_EQ(world.egress->requests.back().etag, "");
}

TEST(Http, WhatTheRunMayUseIsToldWithItsConnection) {
  HttpWorld world;
  world.answer(200, "{}");
  const SteadyTime before = std::chrono::steady_clock::now();
  world.ask();
  ASSERT_EQ(world.egress->outlets.size(), 1U);
  const wire::OutletRequest& outlet = world.egress->outlets.front();
  EXPECT_EQ(outlet.collector, "shop");
  EXPECT_EQ(outlet.connection, "forge");
  EXPECT_EQ(outlet.max_requests, 7U);
  EXPECT_EQ(outlet.max_bytes, 2U << 20U);
  EXPECT_GE(outlet.deadline, before + world.timeout);
  EXPECT_LE(outlet.deadline, std::chrono::steady_clock::now() + world.timeout);
}

TEST(Http, ABodyLargerThanAFrameComesInChunks) {
  HttpWorld world;
  for (const std::size_t size :
       {std::size_t{0}, wire::kHttpChunkBytes, wire::kHttpChunkBytes + 1, std::size_t{3'000'000}}) {
    world.answer(200, std::string(size, 'x'));
    EXPECT_THAT(world.ask().warnings, HasSubstr(fmt::format("body {}", size)));
  }
}

TEST(Http, AFailureIsToldWithItsCodeAndWhenToComeBack) {
  HttpWorld world;
  world.egress->answer = wire::HttpAnswer{
      Error(Error::Code::rate_limited, "connection forge: HTTP 429"), std::chrono::seconds(90)};
  EXPECT_EQ(world.ask().warnings, "failed 3 after 90000 ms: connection forge: HTTP 429");
}

TEST(Http, WithoutAConnectionNothingIsAsked) {
  HttpWorld world;
  world.answer(200, "{}");
  EXPECT_THAT(world.run("ask").warnings,
              HasSubstr("failed 1 after 0 ms: collector shop has no connection"));
  EXPECT_TRUE(world.egress->requests.empty());
}

TEST(Http, AWorkerThatWaitsForAnAnswerEndsAtItsDeadline) {
  HttpWorld world;
  world.timeout = std::chrono::seconds(1);
  const RunReport report = world.ask();
  EXPECT_EQ(report.outcome(), "cancelled");
  EXPECT_EQ(report.warnings, "failed 6 after 0 ms: cancelled");
  EXPECT_EQ(report.exit_signal, 0) << "it was told, and ended by itself";
  EXPECT_LT(report.duration, std::chrono::seconds(5));
  // On a slow machine it may be over before the request is read: then nothing was asked.
  EXPECT_EQ(world.egress->cancels > 0, !world.egress->requests.empty());
}

TEST(Http, AWorkerThatDiesWhileItWaitsEndsItsRunAtOnce) {
  HttpWorld world;
  const RunReport report = world.ask("ask_and_die");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_LT(report.duration, std::chrono::seconds(5));
  // It may be dead before the request is read: then nothing was asked.
  EXPECT_EQ(world.egress->cancels > 0, !world.egress->requests.empty());
}

TEST(Http, ALimitOfRequestsCountsAsOneThatWasHit) {
  HttpWorld world;
  world.answer(200, "{}");
  world.egress->limit_hit = "requests";
  EXPECT_EQ(world.ask().limits_hit, (std::set<std::string>{"requests"}));
}

TEST(Http, ARequestThatMakesNoSenseIsAViolation) {
  HttpWorld world;
  world.answer(200, "{}");
  const RunReport report = world.ask("ask_nonsense");
  EXPECT_EQ(report.outcome(), "internal");
  EXPECT_THAT(report.failure->message(), HasSubstr("protocol violation"));
}

}  // namespace
}  // namespace baselined::host
