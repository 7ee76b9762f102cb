// A plugin that asks over HTTP, in a test without a network.
#include <baselined/testing/fake_host.h>
#include <gmock/gmock.h>
#include <unistd.h>
#include <baselined/pages.hpp>

#include <fstream>

#include "tests/unit/sdk/scripted_plugin.h"

namespace baselined::sdk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr bl_plugin kPluginWithoutHttp = detail::describe<Scripted>(
    {.id = "org.example.things", .version = "1.0.0", .summary = "Things"}, kThings);

RunResult collect(FakeHost& host, Behaviour next, const bl_plugin& plugin = kScripted) {
  behaviour() = std::move(next);
  return host.collect(&plugin, "{}");
}

void keep(baselined::Run& run, std::string_view text) {
  run.emit(0, {text});
  run.commit("k", "1");
}

cassette::Exchange exchange(std::string target, cassette::Response response) {
  return {{"GET", std::move(target), {}, ""}, std::move(response)};
}

FakeHost playing(std::vector<cassette::Exchange> exchanges) {
  FakeHost host;
  host.play({"of this test", 0, true, std::move(exchanges)});
  return host;
}

constexpr auto kGetX = [](auto& run) { keep(run, run.get("/x").body()); };

TEST(FakeHttp, APluginGetsWhatTheCassetteHas) {
  FakeHost host =
      playing({exchange("/x?page=1",
                        {200, {{"Link", "</x?page=2>; rel=next"}, {"A", "1"}, {"a", "2"}}, "one"}),
               exchange("/x?page=2", {200, {}, "two"})});
  const RunResult run = collect(host, [](auto& r) {
    baselined::Pages pages(r, "/x?page=1");
    while (const auto page = pages.next()) {
      r.emit(0, {page->body()});
      r.emit(0, {std::string(page->body()) + ":" + std::string(page->header("A"))});
      EXPECT_EQ(page->status(), 200);
      EXPECT_EQ(page->header("none"), "");
    }
    r.commit("k", "1");
  });
  ASSERT_EQ(run.status, BL_OK) << run.error;
  ASSERT_EQ(run.rows.size(), 4U);
  EXPECT_EQ(run.rows[1].text("id"), "one:1, 2");
  EXPECT_EQ(run.rows[3].text("id"), "two:");
  EXPECT_THAT(host.unused_exchanges(), IsEmpty());
  ASSERT_EQ(run.requests.size(), 2U);
  EXPECT_EQ(run.requests[1].target, "/x?page=2");
}

TEST(FakeHttp, ARequestThatWasNotRecordedFailsTheRunWhateverThePluginDoes) {
  FakeHost host = playing({exchange("/x?page=1", {})});
  const RunResult run = collect(host, [](auto& r) {
    try {
      r.get("/x?page=2");
    } catch (const Failure&) {
      keep(r, "went on");
    }
  });
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_THAT(run.error, HasSubstr("no answer to GET /x?page=2; expected next: GET /x?page=1"));
  EXPECT_TRUE(run.rows.empty());
  EXPECT_THAT(host.unused_exchanges(), ElementsAre("0001.json: GET /x?page=1"));
}

TEST(FakeHttp, AFailureOfARequestIsTheRunsWithItsReason) {
  FakeHost host = playing(
      {{{"GET", "/x", {}, ""}, cassette::Failure{BL_ERR_RATE_LIMITED, "slow down", 30'000}}});
  const RunResult run = collect(host, kGetX);
  EXPECT_EQ(run.status, BL_ERR_RATE_LIMITED);
  EXPECT_EQ(run.error, "slow down");
  EXPECT_EQ(run.retry_after_ms, 30'000);
}

TEST(FakeHttp, AfterAFailureOfARequestThePluginMayGoOn) {
  FakeHost host = playing({{{"GET", "/x", {}, ""}, cassette::Failure{BL_ERR_TRANSIENT, "down", 0}},
                           exchange("/y", {404, {}, ""}),
                           exchange("/z", {200, {}, "z"})});
  const RunResult run = collect(host, [](auto& r) {
    EXPECT_THROW(r.get("/x"), Failure);
    EXPECT_THROW(r.get("/y"), Failure) << "an error page is not an empty one";
    keep(r, r.get("/z").body());
  });
  EXPECT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(run.rows.size(), 1U);
}

// GitHub answers so, with {}, while it computes statistics.
TEST(FakeHttp, AnAnswerThatIsNotReadyIsNoEmptyOne) {
  const cassette::Response accepted{202, {}, "{}"};
  FakeHost host =
      playing({{{"POST", "/jobs", {{"content-type", "application/json"}}, "{}"}, accepted},
               exchange("/x", accepted)});
  const RunResult run = collect(host, [](auto& r) {
    keep(r, r.post("/jobs", "{}").body());
    r.get("/x");
  });
  EXPECT_EQ(run.status, BL_ERR_TRANSIENT);
  EXPECT_EQ(run.error, "GET /x: HTTP 202: the source has the answer not ready yet");
  EXPECT_EQ(run.rows.size(), 1U);
}

TEST(FakeHttp, APartThatWasNotAskedForIsNoSuccess) {
  const cassette::Response part{206, {}, "a part"};
  FakeHost host =
      playing({{{"GET", "/x", {{"RANGE", "bytes=0-5"}}, ""}, part}, exchange("/x", part)});
  const RunResult run = collect(host, [](auto& r) {
    const Header range[] = {{"RANGE", "bytes=0-5"}};
    Request request;
    request.url = "/x";
    request.headers = range;
    keep(r, r.succeeded(r.send(request), request).body());
    r.get("/x");
  });
  EXPECT_EQ(run.status, BL_ERR_DATA);
  EXPECT_EQ(run.error, "GET /x: HTTP 206");
  EXPECT_EQ(run.rows.size(), 1U);
}

TEST(FakeHttp, APluginCanGoOnAfterAnAnswerThatIsNoSuccess) {
  FakeHost host = playing({exchange("/gone", {404, {}, "no"}), exchange("/x", {200, {}, "yes"})});
  const RunResult run = collect(host, [](auto& r) {
    try {
      r.get("/gone");
    } catch (const HttpFailure& failure) {
      keep(r, std::to_string(failure.http_status()));
    }
    keep(r, r.get("/x").body());
  });
  EXPECT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(run.rows.size(), 2U);
}

TEST(FakeHttp, StatusesThatTheHostHandlesAreFailures) {
  const std::pair<int, bl_status> statuses[] = {{401, BL_ERR_AUTH},
                                                {429, BL_ERR_RATE_LIMITED},
                                                {500, BL_ERR_TRANSIENT},
                                                {503, BL_ERR_TRANSIENT}};
  for (const auto& [status, code] : statuses) {
    SCOPED_TRACE(status);
    FakeHost host = playing({exchange("/x", {status, {{"Retry-After", "7"}}, "page"})});
    const RunResult run = collect(host, kGetX);
    EXPECT_EQ(run.status, code);
    EXPECT_EQ(run.error, "HTTP " + std::to_string(status));
    EXPECT_EQ(run.retry_after_ms, status == 401 ? 0 : 7'000);
  }
}

TEST(FakeHttp, ThereIsNoneWithoutTheCapabilityOrACassette) {
  FakeHost host = playing({exchange("/x", {})});
  EXPECT_EQ(collect(host, kGetX, kPluginWithoutHttp).status, BL_ERR_CONFIG);
  FakeHost silent;
  const RunResult run = collect(silent, kGetX);
  EXPECT_EQ(run.status, BL_ERR_CONFIG);
  EXPECT_THAT(run.error, HasSubstr("play a cassette"));
  FakeHost bare = playing({exchange("/x", {})});
  bare.without_extensions();
  EXPECT_EQ(collect(bare, kGetX).status, BL_ERR_UNSUPPORTED);
}

TEST(FakeHttp, ACredentialOfThePluginsIsRefused) {
  for (const char* const name :
       {"Authorization", "COOKIE", "Proxy-Authorization", "If-None-Match"}) {
    SCOPED_TRACE(name);
    FakeHost host = playing({exchange("/x", {})});
    static const char* header = nullptr;
    header = name;
    const RunResult run = collect(host, [](auto& r) {
      const Header headers[] = {{header, "x"}};
      baselined::Request request;
      request.url = "/x";
      request.headers = headers;
      r.send(request);
    });
    EXPECT_EQ(run.status, BL_ERR_DATA);
    EXPECT_THAT(run.error, HasSubstr(name));
  }
}

TEST(FakeHttp, ARequestThatCannotBeReadFailsTheRun) {
  const Behaviour wrong[] = {
      [](auto& r) {
        bl_http_response* response = nullptr;
        static_cast<const bl_http*>(r.host().get_extension(BL_EXT_HTTP))
            ->send(r.handle(), nullptr, &response);
      },
      [](auto& r) {
        bl_http_request request = {sizeof(request), 1, {"GET", 3}, {"/x", 2}, nullptr, {}, 0, 0};
        bl_http_response* response = nullptr;
        static_cast<const bl_http*>(r.host().get_extension(BL_EXT_HTTP))
            ->send(r.handle(), &request, &response);
      },
      [](auto& r) {
        bl_http_request request = {8, 0, {"GET", 3}, {"/x", 2}, nullptr, {}, 0, 0};
        bl_http_response* response = nullptr;
        static_cast<const bl_http*>(r.host().get_extension(BL_EXT_HTTP))
            ->send(r.handle(), &request, &response);
      },
      [](auto& r) {
        bl_http_request request = {sizeof(request), 0, {"GET", 3}, {"/x", 2}, nullptr,
                                   {nullptr, 7},    0, 0};
        bl_http_response* response = nullptr;
        static_cast<const bl_http*>(r.host().get_extension(BL_EXT_HTTP))
            ->send(r.handle(), &request, &response);
      },
      [](auto& r) {
        try {
          r.get("/\xFF");
        } catch (const Failure&) {
          r.commit("k", "1");
        }
      },
  };
  int number = 0;
  for (const Behaviour& behaviour : wrong) {
    SCOPED_TRACE(number++);
    FakeHost host = playing({exchange("/x", {})});
    EXPECT_EQ(collect(host, behaviour).status, BL_ERR_DATA);
  }
}

TEST(FakeHttp, FaultsReachRequestsToo) {
  FakeHost host = playing({exchange("/x", {200, {}, "x"})});
  host.fail_at_call(1, BL_ERR_LIMIT);
  EXPECT_EQ(collect(host, kGetX).status, BL_ERR_LIMIT);
  host.clear_faults();
  host.cancel_at_call(1);
  EXPECT_EQ(collect(host, kGetX).status, BL_ERR_CANCELLED);
  host.clear_faults();
  EXPECT_EQ(collect(host, kGetX).status, BL_OK) << "neither has used the exchange";
}

constexpr auto kConditional = [](auto& run) {
  baselined::Request request;
  request.url = "/x";
  request.conditional = true;
  const Response response = run.send(request);
  if (response.is_unchanged()) {
    run.commit("k", "unchanged");
  } else {
    keep(run, response.body());
  }
};

TEST(FakeHttp, AConditionalRequestAsksWithWhatWasCommitted) {
  FakeHost host = playing({exchange("/x", {200, {{"etag", "\"1\""}}, "x"})});
  EXPECT_EQ(collect(host, kConditional).rows.size(), 1U);
  const std::vector<cassette::Exchange> second = {
      {{"GET", "/x", {{"if-none-match", "\"1\""}}, ""}, cassette::Response{304, {}, ""}}};
  host.play({"second", 0, true, second});
  EXPECT_EQ(collect(host, kConditional).commits.at(0).cursor, "unchanged");
  host.play({"full", 0, true, {exchange("/x", {200, {}, "again"})}});
  host.set_mode(BL_RUN_FULL);
  EXPECT_EQ(collect(host, kConditional).rows.size(), 1U) << "a full run asks for everything";
}

TEST(FakeHttp, WithoutACommitNothingIsRememberedOfAnAnswer) {
  FakeHost host = playing({exchange("/x", {200, {{"etag", "\"1\""}}, "1"}),
                           exchange("/x", {200, {{"etag", "\"2\""}}, "2"})});
  collect(host, [](auto& r) {
    baselined::Request request;
    request.url = "/x";
    request.conditional = true;
    r.send(request);
  });
  EXPECT_EQ(collect(host, kConditional).status, BL_OK);
}

// A folder as a recording leaves it.
std::filesystem::path written_cassette() {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("fake-http-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "cassette.json")
      << cassette::index_text({1'772'352'000'000'000, std::uint64_t{1}});
  std::ofstream(folder / "0001.json")
      << cassette::exchange_text(exchange("/x", {200, {}, "from a file"}));
  return folder;
}

TEST(FakeHttp, PlaysAFolderWithItsClock) {
  const std::filesystem::path folder = written_cassette();
  FakeHost host;
  host.play_cassette(folder);
  const RunResult run = collect(host, [](auto& r) {
    EXPECT_EQ(r.now().us, 1'772'352'000'000'000);
    keep(r, r.get("/x").body());
  });
  ASSERT_EQ(run.status, BL_OK) << run.error;
  EXPECT_EQ(run.rows[0].text("id"), "from a file");
}

TEST(FakeHttp, ACassetteThatCannotBeReadFailsTheRun) {
  FakeHost host;
  host.play_cassette("/nowhere/at/all");
  const RunResult run = collect(host, kGetX);
  EXPECT_EQ(run.status, BL_ERR_CONFIG);
  EXPECT_THAT(run.error, HasSubstr("/nowhere/at/all: cassette.json"));
  host.play_cassette(written_cassette());
  EXPECT_EQ(collect(host, kGetX).status, BL_OK) << "the next cassette counts";
}

}  // namespace
}  // namespace baselined::sdk
