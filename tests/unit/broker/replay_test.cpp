// A run that is replayed gets what was recorded, or hears exactly what is missing.
#include <gmock/gmock.h>

#include <atomic>

#include "daemon/base/json.h"
#include "daemon/broker/recording_egress.h"
#include "daemon/broker/replay_egress.h"
#include "tests/unit/broker/scripted_egress.h"

namespace baselined::broker {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Script = std::vector<std::pair<wire::HttpRequest, wire::HttpAnswer>>;

fs::path recorded(const std::string& name, const Script& script) {
  const fs::path folder = empty_folder("replay-" + name);
  auto source = std::make_shared<ScriptedEgress>();
  for (const auto& exchange : script) {
    source->answers.push_back(exchange.second);
  }
  auto recording =
      RecordingEgress::create(source, {folder, from_us(1'772'352'000'000'000), {}, {}}).value();
  const auto outlet = outlet_of(*recording);
  for (const auto& exchange : script) {
    ask(*outlet, exchange.first);
  }
  EXPECT_TRUE(recording->finish());
  return folder;
}

// A replay with one outlet.
struct Replay {
  explicit Replay(const fs::path& folder)
      : egress(ReplayEgress::create(folder).value()), outlet(outlet_of(*egress)) {}
  wire::HttpAnswer ask(wire::HttpRequest request) const {
    return broker::ask(*outlet, std::move(request));
  }
  std::string body(wire::HttpRequest request) const {
    const wire::HttpAnswer answer = ask(std::move(request));
    return answer.response ? answer.response->body : "failed: " + answer.response.error().message();
  }

  std::shared_ptr<ReplayEgress> egress;
  std::unique_ptr<wire::Outlet> outlet;
};

wire::HttpRequest with_header(wire::HttpRequest request, std::string name, std::string value) {
  request.headers.push_back({std::move(name), std::move(value)});
  return request;
}

TEST(ReplayEgress, GivesBackEveryKindOfAnswer) {
  const std::string binary("\x00\xFF\x80z", 4);
  const Script script = {
      {get("/json"), json_response("{\"z\": [1.50, \"\\u00e9\"], \"a\": null}\n")},
      {get("/raw"), json_response("[1e999, 12345678901234567890]")},
      {get("/text"), response("a,b\r\n1,2\n", {{"content-type", "text/csv"}})},
      {get("/binary"), response(binary)},
      {get("/empty"), response("", {{"etag", "\"1\""}}, 304)},
      {get("/limited"), failure(Error::Code::rate_limited, "wait", std::chrono::seconds(30))},
      {get("/down"), failure(Error::Code::transient, "down")},
      {get("/auth"), failure(Error::Code::auth, "no")},
  };
  const Replay replay(recorded("kinds", script));
  EXPECT_EQ(parse_json(replay.body(script[0].first)).value(),
            parse_json(script[0].second.response->body).value());
  for (std::size_t index = 1; index < 5; ++index) {
    SCOPED_TRACE(index);
    const wire::HttpAnswer answer = replay.ask(script[index].first);
    ASSERT_TRUE(answer.response);
    EXPECT_EQ(answer.response->status, script[index].second.response->status);
    EXPECT_EQ(answer.response->body, script[index].second.response->body);
    EXPECT_EQ(answer.response->headers.size(), script[index].second.response->headers.size());
  }
  for (std::size_t index = 5; index < script.size(); ++index) {
    SCOPED_TRACE(index);
    const wire::HttpAnswer answer = replay.ask(script[index].first);
    ASSERT_FALSE(answer.response);
    EXPECT_EQ(answer.response.error().code(), script[index].second.response.error().code());
    EXPECT_EQ(answer.response.error().message(), script[index].second.response.error().message());
    EXPECT_EQ(answer.retry_after, script[index].second.retry_after);
  }
  EXPECT_THAT(replay.egress->unused(), IsEmpty());
  EXPECT_EQ(replay.egress->mismatch(), "");
  EXPECT_TRUE(replay.egress->is_complete());
  EXPECT_EQ(to_us(replay.egress->recorded_at()), 1'772'352'000'000'000);
}

TEST(ReplayEgress, AnswersEqualRequestsInTheirOrderAndOthersInAny) {
  const Replay replay(recorded("order", {{get("/poll"), response("1")},
                                         {get("/other"), response("o")},
                                         {get("/poll"), response("2")},
                                         {get("/poll"), response("3")}}));
  EXPECT_EQ(replay.body(get("/poll")), "1");
  EXPECT_EQ(replay.body(get("/poll")), "2");
  EXPECT_EQ(replay.body(get("/other")), "o");
  EXPECT_THAT(replay.egress->unused(), ElementsAre("0004.json: GET /poll"));
  EXPECT_EQ(replay.body(get("/poll")), "3");
  EXPECT_THAT(replay.egress->unused(), IsEmpty());
}

TEST(ReplayEgress, ARequestIsItsMethodTargetBodyAndHeadersThatMatter) {
  const Script script = {
      {get("/x"), response("get")},
      {with_header(get("/x"), "Accept", "text/csv"), response("csv")},
      {post("/x", "{\"a\":1,\"b\":2}", "application/json"), response("post 12")},
      {post("/x", "{\"a\":1,\"b\":3}", "application/json"), response("post 13")},
      {post("/x", "a=1", "application/x-www-form-urlencoded"), response("form")}};
  const Replay replay(recorded("parts", script));
  EXPECT_EQ(replay.body(script[4].first), "form");
  EXPECT_EQ(replay.body(post("/x", "{ \"b\": 3, \"a\": 1 }", "application/json")), "post 13");
  EXPECT_EQ(replay.body(script[1].first), "csv");
  EXPECT_EQ(replay.body(script[2].first), "post 12");
  EXPECT_EQ(replay.body(with_header(get("/x"), "User-Agent", "another")), "get");
}

// In a body or a query it may come from an option, or from an answer in which it is hidden already.
TEST(ReplayEgress, TheHostOfTheConnectionIsHiddenInRequestsAsItWasRecorded) {
  const fs::path folder = empty_folder("replay-host");
  const auto source = std::make_shared<ScriptedEgress>();
  source->answers = {response("1"), response("2")};
  constexpr const char* kBase = "https://git.example.com/api";
  {
    auto recording = RecordingEgress::create(source, {folder, {}, {}, kBase}).value();
    const auto outlet = outlet_of(*recording);
    ask(*outlet, get("/x?of=https://git.example.com/a"));
    ask(*outlet, post("/y", "{\"of\":\"git.example.com\"}", "application/json"));
    ASSERT_TRUE(recording->finish());
  }
  const auto replay = ReplayEgress::create(folder, kBase).value();
  const auto outlet = outlet_of(*replay);
  EXPECT_TRUE(ask(*outlet, get("/x?of=https://git.example.com/a")).response);
  EXPECT_TRUE(ask(*outlet, post("/y", "{\"of\":\"origin.invalid\"}", "application/json")).response);
}

TEST(ReplayEgress, AConditionalRequestIsAnotherThanOneThatIsNone) {
  wire::HttpRequest conditional = get("/x");
  conditional.etag = "\"7\"";
  conditional.last_modified = "Sun, 01 Mar 2026 08:00:00 GMT";
  const fs::path folder = recorded("conditional", {{conditional, response("", {}, 304)}});
  EXPECT_THAT(content_of(folder / "0001.json"), HasSubstr(R"("if-none-match": "\"7\"")"));
  EXPECT_EQ(Replay(folder).ask(conditional).response->status, 304);
  EXPECT_THAT(Replay(folder).body(get("/x")), HasSubstr("GET /x, with other headers (0001.json)"));
}

TEST(ReplayEgress, AnAbsoluteTargetNeedsNoHost) {
  const Replay replay(recorded("absolute", {{get("https://a.example/x?page=2"), response("2")}}));
  EXPECT_EQ(replay.body(get("https://b.example:8443/x?page=2")), "2");
}

TEST(ReplayEgress, TheFirstRequestThatWasNotRecordedEndsTheReplay) {
  const Replay replay(recorded("mismatch", {{get("/a?page=1"), response("1")},
                                            {get("/b"), response("b")},
                                            {get("/a?page=2"), response("2")}}));
  EXPECT_EQ(replay.body(get("/a?page=1")), "1");
  const wire::HttpAnswer answer = replay.ask(get("/a?page=3"));
  ASSERT_FALSE(answer.response);
  EXPECT_EQ(answer.response.error().code(), Error::Code::data);
  EXPECT_THAT(
      answer.response.error().message(),
      HasSubstr("has no answer to GET /a?page=3; expected next: GET /a?page=2 (0003.json)"));
  EXPECT_EQ(replay.egress->mismatch(), answer.response.error().message());
  EXPECT_EQ(replay.ask(get("/b")).response.error().message(), replay.egress->mismatch())
      << "a plugin that goes on cannot hide it";
  EXPECT_THAT(replay.egress->unused(),
              ElementsAre("0002.json: GET /b", "0003.json: GET /a?page=2"));
}

std::string mismatch_of(const fs::path& folder, const std::vector<wire::HttpRequest>& requests) {
  const Replay replay(folder);
  for (const wire::HttpRequest& request : requests) {
    replay.ask(request);
  }
  return replay.egress->mismatch();
}

TEST(ReplayEgress, AMismatchNamesTheNearestOfWhatIsLeft) {
  const auto json = [](const char* body) { return post("/g", body, "application/json"); };
  const fs::path folder =
      recorded("nearest", {{get("/first"), response("")}, {json("{\"page\":1}"), response("")}});
  EXPECT_THAT(mismatch_of(folder, {json("{\"page\":2}")}),
              HasSubstr("expected next: POST /g, with another body (0002.json)"));
  EXPECT_THAT(mismatch_of(folder, {json("{\"page\":2}")}), Not(HasSubstr("\"page\"")));
  EXPECT_THAT(mismatch_of(folder, {with_header(json("{\"page\":1}"), "accept", "b")}),
              HasSubstr("POST /g, with other headers (0002.json)"));
  EXPECT_THAT(mismatch_of(folder, {get("/unheard/of")}),
              HasSubstr("expected next: GET /first (0001.json)"));
  EXPECT_THAT(mismatch_of(folder, {get("/first"), get("/first")}),
              HasSubstr("GET /first, asked for more often than it was recorded; expected next: "
                        "POST /g (0002.json)"));
  EXPECT_THAT(mismatch_of(folder, {get("/first"), json("{\"page\":1}"), get("/third")}),
              HasSubstr("GET /third; everything in it was asked for already"));
  const std::string long_name = mismatch_of(folder, {get("/" + std::string(100'000, 'x'))});
  EXPECT_LT(long_name.size(), 1'000U);
  EXPECT_THAT(long_name, HasSubstr("xxx...; expected next: GET /first"));
}

TEST(ReplayEgress, SaysThatTheRecordingWasInterruptedWhereItsEndIsMissing) {
  const fs::path folder = empty_folder("replay-incomplete");
  auto source = std::make_shared<ScriptedEgress>();
  source->answers = {response("1")};
  {
    auto recording = RecordingEgress::create(source, {folder, {}, {}, {}}).value();
    ask(*outlet_of(*recording), get("/1"));
  }
  write_file(folder / ".0002.json.part", "{\"requ");
  const Replay replay(folder);
  EXPECT_FALSE(replay.egress->is_complete());
  EXPECT_EQ(replay.body(get("/1")), "1");
  EXPECT_THAT(replay.body(get("/2")), HasSubstr("; its recording was interrupted"));
}

TEST(ReplayEgress, AnswersOnAnotherThreadAndOnceEach) {
  Script script;
  for (int number = 0; number < 50; ++number) {
    script.emplace_back(get("/x"), response(std::to_string(number)));
  }
  const Replay replay(recorded("threads", script));
  std::atomic<int> answers = 0;
  const std::thread::id here = std::this_thread::get_id();
  for (int number = 0; number < 49; ++number) {
    replay.outlet->send(get("/x"), [&, number](const wire::HttpAnswer& answer) {
      EXPECT_EQ(answer.response->body, std::to_string(number));
      EXPECT_NE(std::this_thread::get_id(), here);
      ++answers;
    });
  }
  EXPECT_EQ(replay.body(get("/x")), "49");
  EXPECT_EQ(answers, 49);
}

TEST(ReplayEgress, AfterCancelEverythingIsCancelled) {
  const Replay replay(recorded("cancel", {{get("/x"), response("1")}}));
  replay.outlet->cancel();
  EXPECT_EQ(replay.ask(get("/x")).response.error().code(), Error::Code::cancelled);
  EXPECT_EQ(replay.ask(get("/y")).response.error().code(), Error::Code::cancelled);
  EXPECT_EQ(replay.egress->mismatch(), "") << "nothing was looked for";
}

TEST(ReplayEgress, NoAnswerComesAfterTheOutletsEnd) {
  const auto egress =
      ReplayEgress::create(recorded("end", {{get("/x"), response("")}, {get("/y"), response("")}}))
          .value();
  const auto slow = outlet_of(*egress);
  std::promise<void> may_go_on;
  std::future<void> wait = may_go_on.get_future();
  slow->send(get("/x"), [&wait](const wire::HttpAnswer&) { wait.wait(); });
  auto outlet = outlet_of(*egress);
  outlet->send(get("/y"), [](const wire::HttpAnswer&) { FAIL() << "its outlet is gone"; });
  outlet.reset();  // before the thread that answers comes to it
  may_go_on.set_value();
  EXPECT_EQ(ask(*outlet_of(*egress), get("/z")).response.error().code(), Error::Code::data);
}

TEST(ReplayEgress, WhatIsUnderWayIsCancelledToo) {
  const auto egress =
      ReplayEgress::create(recorded("late", {{get("/x"), response("")}, {get("/y"), response("")}}))
          .value();
  const auto slow = outlet_of(*egress);
  std::promise<void> may_go_on;
  std::future<void> wait = may_go_on.get_future();
  slow->send(get("/x"), [&wait](const wire::HttpAnswer&) { wait.wait(); });
  const auto outlet = outlet_of(*egress);
  std::promise<wire::HttpAnswer> answer;
  outlet->send(get("/y"),
               [&answer](wire::HttpAnswer given) { answer.set_value(std::move(given)); });
  outlet->cancel();
  may_go_on.set_value();
  EXPECT_EQ(answer.get_future().get().response.error().code(), Error::Code::cancelled);
}

TEST(ReplayEgress, AnAnswerMayEndItsOutlet) {
  const auto egress =
      ReplayEgress::create(recorded("own-end", {{get("/x"), response("")}})).value();
  auto outlet = std::make_shared<std::unique_ptr<wire::Outlet>>(outlet_of(*egress));
  std::promise<void> ended;
  (*outlet)->send(get("/x"), [outlet, &ended](const wire::HttpAnswer&) {
    outlet->reset();
    ended.set_value();
  });
  EXPECT_EQ(ended.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

std::string refusal_of(const fs::path& folder) {
  const auto replay = ReplayEgress::create(folder);
  if (replay) {
    return "nothing: it was read";
  }
  EXPECT_EQ(replay.error().code(), Error::Code::config);
  EXPECT_THAT(replay.error().message(), HasSubstr(folder.string()));
  return replay.error().message();
}

fs::path small_cassette(const std::string& name) {
  return recorded(name, {{get("/1"), json_response("{\"a\":[1,\"\\u00e9\"]}")},
                         {post("/2", "x\ny", "text/plain"), response("\xFF")},
                         {get("/3"), failure(Error::Code::limit, "enough")}});
}

TEST(ReplayEgress, SaysWhichFileIsWrongAndHow) {
  const fs::path folder = small_cassette("damage");
  EXPECT_THAT(refusal_of(folder / "none"), HasSubstr("cassette.json: No such file"));
  fs::rename(folder / "0002.json", folder / "kept");
  EXPECT_THAT(refusal_of(folder), HasSubstr("0002.json is missing"));
  fs::create_directory(folder / "0002.json");
  EXPECT_THAT(refusal_of(folder), HasSubstr("0002.json: not a regular file"));
  fs::remove(folder / "0002.json");
  write_file(folder / "0002.json", "{}\n");
  EXPECT_THAT(refusal_of(folder), HasSubstr("0002.json: request is not an object"));
  fs::rename(folder / "kept", folder / "0002.json");
  fs::copy(folder / "0001.json", folder / "0004.json");
  EXPECT_THAT(refusal_of(folder), HasSubstr("4 exchanges, but cassette.json says 3"));
  fs::remove(folder / "0004.json");
  fs::rename(folder / "0003.json", folder / "kept");
  EXPECT_THAT(refusal_of(folder), HasSubstr("2 exchanges, but cassette.json says 3"));
  fs::rename(folder / "kept", folder / "0003.json");
  write_file(folder / "README.md", "why this was recorded");
  write_file(folder / "0004.json.orig", "of a merge");
  EXPECT_EQ(refusal_of(folder), "nothing: it was read");
}

TEST(ReplayEgress, EveryTruncationOfAFileIsRefused) {
  const fs::path folder = small_cassette("truncated");
  for (const char* const name : {"cassette.json", "0001.json", "0002.json", "0003.json"}) {
    const std::string whole = content_of(folder / name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      write_file(folder / name, whole.substr(0, size));
      EXPECT_THAT(refusal_of(folder), HasSubstr(name)) << size << " bytes";
    }
    write_file(folder / name, whole);
  }
  EXPECT_EQ(refusal_of(folder), "nothing: it was read");
}

// One byte is another one: what is read then is an error or a cassette, never a crash. What was
// read can be written and reads as the same.
TEST(ReplayEgress, NoChangedByteOfAFileBreaksIt) {
  const fs::path folder = small_cassette("changed");
  for (const char* const name : {"0001.json", "0002.json", "0003.json"}) {
    const std::string whole = content_of(folder / name);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const char byte : {'"', '{', '[', ',', '\\', '0', 'u', '\x80', '\0', '\n'}) {
        std::string text = whole;
        text[at] = byte;
        const auto parsed = cassette::parse_exchange(text);
        ASSERT_EQ(parsed.value.has_value(), parsed.problem.empty());
        if (parsed.value) {
          const cassette::Exchange kept = cassette::kept(*parsed.value);
          ASSERT_EQ(cassette::parse_exchange(cassette::exchange_text(kept)).value, kept) << text;
        }
      }
    }
  }
}

}  // namespace
}  // namespace baselined::broker
