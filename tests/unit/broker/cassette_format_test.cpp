// The text of a cassette: what is kept, in which form, and that it reads as what was kept.
#include <baselined/cassette.h>
#include <gmock/gmock.h>

#include <limits>

#include "daemon/base/json.h"
#include "daemon/base/result.h"

namespace baselined::cassette {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Exchange with_body(std::string body, const std::string& type) {
  Exchange exchange;
  exchange.request.target = "/x";
  exchange.answer = Response{200, {{"content-type", type}}, std::move(body)};
  return kept(exchange);
}

Exchange with_json(std::string body) { return with_body(std::move(body), "application/json"); }

// The member of the response that holds the body: "body_json", ...
std::string form_of(const Exchange& exchange) {
  const std::string text = exchange_text(exchange);
  for (const char* const form : {"body_json", "body_text", "body_base64"}) {
    if (text.find(form) != std::string::npos) {
      return form;
    }
  }
  return "none";
}

Exchange read_again(const Exchange& exchange) {
  Parsed<Exchange> parsed = parse_exchange(exchange_text(exchange));
  EXPECT_EQ(parsed.problem, "");
  return parsed.value.value_or(Exchange{});
}

std::string body_again(const Exchange& exchange) {
  return std::get<Response>(read_again(exchange).answer).body;
}

std::string problem_of(const std::string& text) {
  const Parsed<Exchange> parsed = parse_exchange(text + "\n");
  EXPECT_EQ(parsed.value.has_value(), parsed.problem.empty());
  return parsed.problem;
}

TEST(CassetteText, OfAnExchangeIsSortedAndIndented) {
  Exchange exchange;
  exchange.request = {"POST",
                      "/graphql",
                      {{"X-Noise", "1"}, {"Content-Type", "application/json"}, {"Accept", "a"}},
                      R"({"query":"{x}","a":[]})"};
  exchange.answer =
      Response{200,
               {{"Link", "<1>"}, {"Content-Type", "application/json"}, {"Link", "<2>"}},
               R"({"b":[1,2.50,{}],"a":"é\u0000\"\/","é":null})"};
  EXPECT_EQ(exchange_text(kept(exchange)), R"({
  "request": {
    "body_json": {
      "a": [],
      "query": "{x}"
    },
    "headers": {
      "accept": "a",
      "content-type": "application/json"
    },
    "method": "POST",
    "target": "/graphql"
  },
  "response": {
    "body_json": {
      "a": "é\u0000\"/",
      "b": [
        1,
        2.50,
        {}
      ],
      "é": null
    },
    "headers": {
      "content-type": "application/json",
      "link": [
        "<1>",
        "<2>"
      ]
    },
    "status": 200
  }
}
)");
}

TEST(CassetteText, OfAFailureHasCodeMessageAndRetryAfter) {
  Exchange exchange;
  exchange.request.target = "/x";
  exchange.answer = Failure{BL_ERR_RATE_LIMITED, "slow down", 30'000};
  EXPECT_EQ(exchange_text(kept(exchange)), R"({
  "failure": {
    "code": "rate_limited",
    "message": "slow down",
    "retry_after_ms": 30000
  },
  "request": {
    "method": "GET",
    "target": "/x"
  }
}
)");
}

TEST(CassetteText, EveryCodeOfAFailureReadsAsItself) {
  for (bl_status status = BL_ERR_CONFIG; status <= BL_ERR_LIMIT; ++status) {
    SCOPED_TRACE(status);
    const Exchange exchange{{}, Failure{status, "why", 0}};
    EXPECT_EQ(read_again(exchange), exchange);
    EXPECT_THAT(exchange_text(exchange),
                HasSubstr("\"" + std::string(to_string(static_cast<Error::Code>(status))) + "\""))
        << "the same word as in the daemon";
  }
}

// The values are judged by another reader of JSON, as a plugin has one.
TEST(CassetteBody, JsonThatCanBeWrittenAgainKeepsItsValuesAndItsNumbers) {
  const std::pair<std::string, std::string> bodies[] = {
      {"{\"b\": 1, \"a\": [true, false, null] }\n", R"({"a":[true,false,null],"b":1})"},
      {"[0.1, 12.50, 1e3, -0, 1E-7, 9223372036854775807, -9223372036854775808]",
       "[0.1,12.50,1e3,-0,1E-7,9223372036854775807,-9223372036854775808]"},
      {R"(["\ud83d\ude00\u00e9\u0000\u001f\/\b\f\n\r\t\\\""])",
       "[\"\xF0\x9F\x98\x80\xC3\xA9\\u0000\\u001f/\\u0008\\u000c\\n\\u000d\\t\\\\\\\"\"]"},
      {R"({"":{"":[[],{}]}})", R"({"":{"":[[],{}]}})"},
      {"[12345678901234567e-10, 0.00000000000000000001]",
       "[12345678901234567e-10,0.00000000000000000001]"},
  };
  for (const auto& [body, again] : bodies) {
    SCOPED_TRACE(body);
    const Exchange exchange = with_json(body);
    EXPECT_EQ(form_of(exchange), "body_json");
    EXPECT_EQ(body_again(exchange), again);
    EXPECT_EQ(baselined::parse_json(again).value(), baselined::parse_json(body).value());
  }
}

TEST(CassetteBody, JsonThatTwoReadersCouldUnderstandDifferentlyStaysAsItIs) {
  const std::string bodies[] = {
      "[1e999]",
      "[-1e400, 1]",
      "[1e-400]",
      "[12345678901234567890]",
      "[9223372036854775808]",
      "[0.12345678901234567891]",
      "[1234567890123456789.0]",
      R"({"a":1,"a":2})",
      R"([{"a":1,"\u0061":2}])",
      R"(["\ud800"])",
      R"(["\udc00\ud800"])",
      R"(["\ud800\u0041"])",
      "[01]",
      "[1.]",
      "[.5]",
      "[+1]",
      "[NaN]",
      "[1,]",
      "{\"a\":1} {\"b\":2}\n",
      "[\"a\tb\"]",
      "['a']",
      "\xEF\xBB\xBF[]",
      "\"a text\"\n",
      " 17",
      "[" + std::string(70, '[') + std::string(71, ']'),
      "[" + std::string(100'000, '['),
      "",
  };
  for (const std::string& body : bodies) {
    SCOPED_TRACE(body.substr(0, 80));
    const Exchange exchange = with_json(body);
    EXPECT_EQ(form_of(exchange), body.empty() ? "none" : "body_text");
    EXPECT_EQ(body_again(exchange), body);
  }
}

TEST(CassetteBody, OnlyAContentTypeOfJsonMakesJson) {
  const std::string body = "{\"a\": 1}\n";
  for (const char* const type :
       {"application/json", "Application/JSON;charset=utf-8", "application/vnd.github+json",
        "application/problem+json ; x=y", "text/json"}) {
    EXPECT_EQ(form_of(with_body(body, type)), "body_json") << type;
  }
  for (const char* const type :
       {"text/plain", "application/x-ndjson", "application/jsonl", "application/json-seq", ""}) {
    EXPECT_EQ(form_of(with_body(body, type)), "body_text") << type;
    EXPECT_EQ(body_again(with_body(body, type)), body) << type;
  }
}

TEST(CassetteBody, TextIsAStringOrAListOfItsLines) {
  EXPECT_THAT(exchange_text(with_body("one line", "text/csv")),
              HasSubstr(R"("body_text": "one line")"));
  EXPECT_THAT(exchange_text(with_body("a,b\r\n1,2\n", "text/csv")),
              HasSubstr("\"body_text\": [\n      \"a,b\\u000d\\n\",\n      \"1,2\\n\"\n    ]"));
  for (const std::string& body :
       {std::string("\n"), std::string("\n\n"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xC3\xA9\n\xF0\x9F\x98\x80")}) {
    EXPECT_EQ(form_of(with_body(body, "text/csv")), "body_text");
    EXPECT_EQ(body_again(with_body(body, "text/csv")), body);
  }
}

TEST(CassetteBody, WhatIsTooLargeToReadByFieldOrLineIsOneText) {
  const std::string json = "[\"" + std::string(5'000'000, 'x') + "\"]";
  EXPECT_EQ(form_of(with_json(json)), "body_text");
  EXPECT_EQ(body_again(with_json(json)), json);
  const std::string lines(100'001, '\n');
  EXPECT_THAT(exchange_text(with_body(lines, "text/csv")), HasSubstr(R"("body_text": "\n\n)"));
  EXPECT_EQ(body_again(with_body(lines, "text/csv")), lines);
}

TEST(CassetteBody, OtherBytesAreBase64) {
  EXPECT_THAT(exchange_text(with_body("\xFF\x01\x02\x03", "image/png")),
              HasSubstr(R"("body_base64": "/wECAw==")"));
  std::string all;
  for (int byte = 255; byte >= 0; --byte) {
    all += static_cast<char>(byte);
    EXPECT_EQ(form_of(with_body(all, "application/json")), "body_base64");
    EXPECT_EQ(body_again(with_body(all, "application/json")), all);
  }
}

TEST(CassetteKeeps, HeadersOfAListOnlyInLowerCaseAndSorted) {
  Exchange exchange;
  exchange.request.headers = {{"Authorization", "Bearer x"}, {"Cookie", "c"}, {"X-Api-Key", "k"},
                              {"If-None-Match", "\"1\""},    {"ACCEPT", "b"}, {"User-Agent", "u"}};
  exchange.answer = Response{200,
                             {{"Set-Cookie", "session=1"},
                              {"WWW-Authenticate", "Bearer realm=x"},
                              {"Date", "today"},
                              {"Age", "1"},
                              {"X-Request-Id", "1"},
                              {"Server-Timing", "1"},
                              {"X-RateLimit-Remaining", "5"},
                              {"RateLimit-Reset", "6"},
                              {"X-Ratelimited", "no"},
                              {"X-Total-Pages", "3"},
                              {"ETag", "W/\"1\""},
                              {"Sunset", "later"}},
                             ""};
  exchange = kept(exchange);
  EXPECT_THAT(exchange.request.headers,
              ElementsAre(Header{"accept", "b"}, Header{"if-none-match", "\"1\""}));
  EXPECT_THAT(std::get<Response>(exchange.answer).headers,
              ElementsAre(Header{"etag", "W/\"1\""}, Header{"ratelimit-reset", "6"},
                          Header{"sunset", "later"}, Header{"x-ratelimit-remaining", "5"},
                          Header{"x-total-pages", "3"}));
}

TEST(CassetteKeeps, NoHostOfATarget) {
  const auto target = [](std::string text) {
    Request request;
    request.target = std::move(text);
    return kept(request).target;
  };
  EXPECT_EQ(target("https://git.example.com:8443/api?x=1#f"), "https://origin.invalid/api?x=1#f");
  EXPECT_EQ(target("HTTP://user@git.example.com?x"), "https://origin.invalid?x");
  EXPECT_EQ(target("http://git.example.com"), "https://origin.invalid");
  EXPECT_EQ(target("/proxy?to=https://other.example.com/x"),
            "/proxy?to=https://other.example.com/x");
  EXPECT_EQ(target("projects"), "projects");
  EXPECT_EQ(target(""), "");
}

TEST(CassetteKeeps, WhatItKeepsIsAlwaysUtf8AndReadsAsWhatWasKept) {
  Exchange exchange{{"G\xFFT", "/\xFF?\xC3\xA9", {{"accept", "\x80"}}, "\xFF"},
                    Response{204, {{"etag", "\xC3"}}, ""}};
  EXPECT_EQ(read_again(kept(exchange)), kept(exchange));
  EXPECT_EQ(kept(exchange).request.target, "/\xEF\xBF\xBD?\xEF\xBF\xBD\xEF\xBF\xBD");
  exchange.answer = Failure{BL_ERR_AUTH, "\xFF", std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(read_again(kept(exchange)), kept(exchange));
}

TEST(CassetteKeeps, TheSameOfWhatItKeptAlready) {
  for (const char* const body : {"{\"b\":1.0,\"a\":\"\\u00e9\"}", "[1e999]", "\xFF", ""}) {
    const Exchange once = with_json(body);
    EXPECT_EQ(kept(once), once);
    EXPECT_EQ(exchange_text(read_again(once)), exchange_text(once));
  }
}

TEST(CassetteText, SaysWhatIsWrongWithAnExchange) {
  const std::string request = R"("request":{"method":"GET","target":"/x"})";
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200}})"), "");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":"200"}})"),
            R"(response: "status" must be a whole number from 100 to 999)");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":2e2}})"),
            R"(response: "status" must be a whole number from 100 to 999)");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200,"heders":{}}})"),
            R"(response: "heders" is not known)");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200,"headers":[]}})"),
            R"(response: "headers" must be an object)");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200,"headers":{"a":1}}})"),
            R"(response: "a" must be a text, or a list of texts)");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200,"headers":{"a":[1]}}})"),
            R"(response: "a" must be a text, or a list of texts)");
  EXPECT_EQ(
      problem_of("{" + request + R"(,"response":{"status":200,"body_json":1,"body_text":""}})"),
      "response: more than one body");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200,"body_base64":"a"}})"),
            "response: body_base64 is not Base64");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200,"body_base64":7}})"),
            "response: body_base64 is not Base64");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200,"body_text":7}})"),
            "response: body_text is neither a string nor a list of lines");
  EXPECT_EQ(problem_of("{" + request + R"(,"response":{"status":200,"body_text":[7]}})"),
            "response: body_text has a line that is no string");
  EXPECT_EQ(problem_of("{" + request + "}"), "response is not an object");
  EXPECT_EQ(problem_of("{" + request + R"(,"failure":{"code":"odd","message":""}})"),
            R"(failure: "code" is no code of a failure)");
  EXPECT_EQ(
      problem_of("{" + request + R"(,"failure":{"code":"auth","message":"","retry_after_ms":-1}})"),
      R"(failure: "retry_after_ms" must be a whole number from 0 to 9223372036854775807)");
  EXPECT_EQ(problem_of("{" + request + R"(,"failure":{},"response":{}})"),
            "both a response and a failure");
  EXPECT_EQ(problem_of("{" + request + R"(,"answer":{}})"), R"(the file: "answer" is not known)");
  EXPECT_EQ(problem_of(R"({"request":{"method":"GET"},"response":{"status":200}})"),
            R"(request: "target" must be a text)");
  EXPECT_EQ(problem_of("[]"), "the file is not an object");
  EXPECT_EQ(problem_of("{\n\"request\": 1,\n}"), "line 3: a key expected");
  EXPECT_EQ(problem_of("\xFF"), "not UTF-8");
}

TEST(CassetteText, APersonMayWriteOneWithoutMuch) {
  const Parsed<Exchange> parsed = parse_exchange(
      R"({"response":{"status":200,"body_json":[1, {"b":2,"a":1}]},"request":{"target":"/x","method":"GET"}})"
      "\n");
  ASSERT_TRUE(parsed.value) << parsed.problem;
  EXPECT_EQ(std::get<Response>(parsed.value->answer).body, R"([1,{"a":1,"b":2}])");
}

TEST(CassetteIndex, ReadsAsWhatWasWritten) {
  for (const std::int64_t us :
       {0LL, 1'772'352'000'000'000LL, 1'772'352'000'250'000LL, 1'772'352'000'000'001LL, -1LL,
        951'782'400'000'000LL, 253'402'300'799'999'999LL, -62'135'596'800'000'000LL}) {
    SCOPED_TRACE(us);
    for (const std::optional<std::uint64_t> count :
         {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0),
          std::optional<std::uint64_t>(12)}) {
      const Parsed<Index> parsed = parse_index(index_text({us, count}));
      EXPECT_EQ(parsed.problem, "");
      EXPECT_EQ(parsed.value, (Index{us, count}));
    }
  }
  EXPECT_EQ(index_text({1'772'352'000'250'000, 2}), R"({
  "exchanges": 2,
  "format": "baselined-cassette/1",
  "recorded_at": "2026-03-01T08:00:00.25Z",
  "state": "complete"
}
)");
  EXPECT_THAT(index_text({0, {}}), Not(HasSubstr("exchanges")));
}

TEST(CassetteIndex, SaysWhatIsWrongWithIt) {
  const auto problem = [](const std::string& members) {
    return parse_index("{" + members + "}\n").problem;
  };
  const std::string format = R"("format":"baselined-cassette/1",)";
  const std::string time = R"("recorded_at":"2026-03-01T08:00:00Z",)";
  EXPECT_EQ(problem(format + time + R"("state":"recording")"), "");
  EXPECT_EQ(problem(time + R"("state":"recording")"), R"(the file: "format" must be a text)");
  EXPECT_EQ(problem(R"("format":"baselined-cassette/2",)" + time + R"("state":"recording")"),
            R"(the file: "format" is not baselined-cassette/1)");
  EXPECT_EQ(problem(format + time + R"("state":"complete")"),
            R"(the file: "exchanges" must be a whole number from 0 to 9223372036854775807)");
  EXPECT_EQ(problem(format + time + R"("state":"recording","exchanges":1)"),
            R"(the file: "exchanges" must not be there while recording)");
  EXPECT_EQ(problem(format + time + R"("state":"odd")"),
            R"(the file: "state" is neither complete nor recording)");
  for (const char* const wrong :
       {"", "2026-03-01", "2026-03-01T08:00:00", "2026-03-01 08:00:00Z", "2026-02-30T08:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T08:00:60Z", "2026-03-01T08:00:00.0Z",
        "2026-03-01T08:00:00.1234567Z", "2026-03-01T08:00:00+01:00", "2026-03-01T08:00:00ZZ",
        "aaaa-bb-ccTdd:ee:ffZ", "-999999-01-01T00:00:00Z"}) {
    EXPECT_THAT(problem(format + R"("recorded_at":")" + wrong + R"(","state":"recording")"),
                HasSubstr("recorded_at"))
        << wrong;
  }
}

}  // namespace
}  // namespace baselined::cassette
