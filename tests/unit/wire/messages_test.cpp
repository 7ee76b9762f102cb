#include "daemon/wire/messages.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/wire/damage.h"

namespace baselined::wire {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

// What every decoder must do with a sample that encode() made.
template <class Decode>
void expect_total(const std::string& sample, const Decode& decode) {
  for_each_truncation(sample, [&](std::string_view bytes) { EXPECT_FALSE(decode(bytes)); });
  for_each_changed_byte(sample, [&](std::string_view bytes) {
    if (const auto message = decode(bytes)) {
      // What was accepted is written as something that is accepted again.
      EXPECT_TRUE(decode(encode(*message)));
    }
  });
  const auto longer = decode(sample + '\0');
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code(), Error::Code::internal);
}

TEST(Messages, HelloComesBack) {
  const std::string sample = encode(Hello{.build_id = "1",
                                          .plugin_id = "org.example.git",
                                          .plugin_version = "0.1.0",
                                          .manifest = 0xFEDCBA9876543210,
                                          .confinement = {.landlock = 7, .seccomp = true}});
  const auto hello = decode_hello(sample);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->build_id, "1");
  EXPECT_EQ(hello->plugin_id, "org.example.git");
  EXPECT_EQ(hello->plugin_version, "0.1.0");
  EXPECT_EQ(hello->manifest, 0xFEDCBA9876543210);
  EXPECT_EQ(hello->confinement.landlock, 7U);
  EXPECT_TRUE(hello->confinement.seccomp);
  expect_total(sample, decode_hello);
}

// As published: http://www.isthe.com/chongo/tech/comp/fnv/
TEST(Messages, AFingerprintIsFnv1a) {
  EXPECT_EQ(fingerprint(""), 0xCBF29CE484222325);
  EXPECT_EQ(fingerprint("foobar"), 0x85944171F73967E8);
}

TEST(Messages, StartComesBack) {
  const std::string sample = encode(Start{.options = R"({"path":"/srv"})",
                                          .mode = RunMode::probe,
                                          .window_begin_us = kLowest,
                                          .window_end_us = kHighest,
                                          .deadline_us = -1,
                                          .frozen_now_us = 5});
  const auto start = decode_start(sample);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->options, R"({"path":"/srv"})");
  EXPECT_EQ(start->mode, RunMode::probe);
  EXPECT_EQ(start->window_begin_us, kLowest);
  EXPECT_EQ(start->window_end_us, kHighest);
  EXPECT_EQ(start->deadline_us, -1);
  EXPECT_EQ(start->frozen_now_us, 5);
  expect_total(sample, decode_start);
}

TEST(Messages, AModeThatDoesNotExistIsRefused) {
  std::string sample = encode(Start{.options = "", .mode = RunMode::probe});
  ASSERT_EQ(sample[2], 3);
  sample[2] = 4;
  EXPECT_FALSE(decode_start(sample));
}

TEST(Messages, BeginScopeComesBack) {
  const std::string sample = encode(BeginScope{.stream = 4, .scope = "2026-03"});
  const auto scope = decode_begin_scope(sample);
  ASSERT_TRUE(scope);
  EXPECT_EQ(scope->stream, 4U);
  EXPECT_EQ(scope->scope, "2026-03");
  expect_total(sample, decode_begin_scope);
}

TEST(Messages, CoverageComesBack) {
  const std::string sample = encode(Coverage{
      .stream = 1, .scope = "s", .from_us = kLowest, .to_us = kHighest, .reason = "shallow"});
  const auto coverage = decode_coverage(sample);
  ASSERT_TRUE(coverage);
  EXPECT_EQ(coverage->stream, 1U);
  EXPECT_EQ(coverage->scope, "s");
  EXPECT_EQ(coverage->from_us, kLowest);
  EXPECT_EQ(coverage->to_us, kHighest);
  EXPECT_EQ(coverage->reason, "shallow");
  expect_total(sample, decode_coverage);
}

TEST(Messages, OpenSetComesBack) {
  const std::string sample =
      encode(OpenSet{.stream = 2, .scope = "s", .last = false, .keys = {"a", "", "longer"}});
  const auto set = decode_open_set(sample);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->stream, 2U);
  EXPECT_EQ(set->scope, "s");
  EXPECT_FALSE(set->last);
  EXPECT_EQ(set->keys, (std::vector<std::string_view>{"a", "", "longer"}));
  expect_total(sample, decode_open_set);
}

TEST(Messages, AnEmptyOpenSetComesBack) {
  const std::string sample = encode(OpenSet{.stream = 0, .scope = "", .last = true, .keys = {}});
  const auto set = decode_open_set(sample);
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->last);
  EXPECT_TRUE(set->keys.empty());
}

TEST(Messages, AnOpenSetThatClaimsManyKeysIsRefusedBeforeItCostsMemory) {
  EXPECT_FALSE(
      decode_open_set(std::string("\x84\x00\x60\xF5\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 13)));
}

TEST(Messages, OpenSetGetComesBack) {
  const std::string sample = encode(OpenSetGet{.stream = 9, .scope = "repo"});
  const auto get = decode_open_set_get(sample);
  ASSERT_TRUE(get);
  EXPECT_EQ(get->stream, 9U);
  EXPECT_EQ(get->scope, "repo");
  expect_total(sample, decode_open_set_get);
}

TEST(Messages, CursorsComeBack) {
  const std::string get = encode(CursorGet{.key = "k"});
  ASSERT_TRUE(decode_cursor_get(get));
  EXPECT_EQ(decode_cursor_get(get)->key, "k");
  expect_total(get, decode_cursor_get);

  const std::string value = encode(Cursor{.value = "gr\xC3\xBC\xC3\x9F"});
  ASSERT_TRUE(decode_cursor(value));
  EXPECT_EQ(decode_cursor(value)->value, "gr\xC3\xBC\xC3\x9F");
  expect_total(value, decode_cursor);
}

TEST(Messages, CommitComesBack) {
  const std::string sample = encode(Commit{.key = "k", .cursor = "c"});
  const auto commit = decode_commit(sample);
  ASSERT_TRUE(commit);
  EXPECT_EQ(commit->key, "k");
  EXPECT_EQ(commit->cursor, "c");
  expect_total(sample, decode_commit);
}

TEST(Messages, LogComesBack) {
  const std::string sample = encode(Log{.level = 3, .text = "t"});
  const auto log = decode_log(sample);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->level, 3);
  EXPECT_EQ(log->text, "t");
  expect_total(sample, decode_log);
  EXPECT_FALSE(decode_log(encode(Log{.level = 4, .text = "t"})));
}

TEST(Messages, ErrorComesBack) {
  const std::string sample = encode(ErrorReport{.code = 3, .retry_after_ms = 60'000, .text = "t"});
  const auto error = decode_error(sample);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 3);
  EXPECT_EQ(error->retry_after_ms, 60'000);
  EXPECT_EQ(error->text, "t");
  expect_total(sample, decode_error);
}

TEST(Messages, ProgressComesBack) {
  const std::string sample = encode(Progress{.done = UINT64_MAX, .total = 1000, .unit = "commits"});
  const auto progress = decode_progress(sample);
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->done, UINT64_MAX);
  EXPECT_EQ(progress->total, 1000U);
  EXPECT_EQ(progress->unit, "commits");
  expect_total(sample, decode_progress);
}

TEST(Messages, DoneComesBack) {
  const std::string sample = encode(Done{.status = 0, .peak_memory_kib = 70'000});
  const auto done = decode_done(sample);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, 0);
  EXPECT_EQ(done->peak_memory_kib, 70'000U);
  expect_total(sample, decode_done);
}

TEST(Messages, RefusedComesBack) {
  const std::string sample = encode(Refused{.code = 9, .text = "too many rows"});
  const auto refused = decode_refused(sample);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, 9);
  EXPECT_EQ(refused->text, "too many rows");
  expect_total(sample, decode_refused);
}

TEST(Messages, HttpComesBack) {
  const std::string sample = encode(Http{.method = "POST",
                                         .target = "/search?q=1",
                                         .headers = {"accept", "application/json"},
                                         .body = {std::string_view("\0\xFF", 2)},
                                         .timeout_ms = 1500,
                                         .is_conditional = true});
  const auto http = decode_http(sample);
  ASSERT_TRUE(http);
  EXPECT_EQ(http->method, "POST");
  EXPECT_EQ(http->target, "/search?q=1");
  EXPECT_EQ(http->headers, (std::vector<std::string_view>{"accept", "application/json"}));
  EXPECT_EQ(http->body.data, std::string_view("\0\xFF", 2));
  EXPECT_EQ(http->timeout_ms, 1500U);
  EXPECT_TRUE(http->is_conditional);
  expect_total(sample, decode_http);
}

TEST(Messages, AnAnswerOverHttpComesBack) {
  const std::string sample = encode(HttpHead{
      .code = 3, .retry_after_ms = 60'000, .text = "HTTP 429", .status = 0, .headers = {}});
  const auto failed = decode_http_head(sample);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, 3);
  EXPECT_EQ(failed->retry_after_ms, 60'000);
  EXPECT_EQ(failed->text, "HTTP 429");
  expect_total(sample, decode_http_head);
  const std::string unchanged = encode(HttpHead{
      .code = 0, .retry_after_ms = 0, .text = "", .status = 304, .headers = {"etag", "1"}});
  const auto head = decode_http_head(unchanged);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->code, 0);
  EXPECT_EQ(head->status, 304);
  EXPECT_EQ(head->headers, (std::vector<std::string_view>{"etag", "1"}));
  const std::string body = encode(HttpBody{.last = false, .bytes = {"{}"}});
  const auto chunk = decode_http_body(body);
  ASSERT_TRUE(chunk);
  EXPECT_FALSE(chunk->last);
  EXPECT_EQ(chunk->bytes.data, "{}");
  expect_total(body, decode_http_body);
}

TEST(Messages, AHeaderWithoutAValueIsRefused) {
  Http http;
  http.headers = {"accept"};
  EXPECT_FALSE(decode_http(encode(http)));
  HttpHead head;
  head.headers = {"etag"};
  EXPECT_FALSE(decode_http_head(encode(head)));
}

TEST(Messages, CodesThatDoNotExistAreRefused) {
  EXPECT_FALSE(decode_error(encode(ErrorReport{.code = 0, .retry_after_ms = 0, .text = ""})));
  EXPECT_FALSE(decode_error(encode(ErrorReport{.code = 10, .retry_after_ms = 0, .text = ""})));
  EXPECT_FALSE(decode_refused(encode(Refused{.code = 0, .text = ""})));
  EXPECT_TRUE(decode_refused(encode(Refused{.code = 10, .text = ""})));  // disk_full
  EXPECT_FALSE(decode_refused(encode(Refused{.code = 11, .text = ""})));
  EXPECT_FALSE(decode_done(encode(Done{.status = 10, .peak_memory_kib = 0})));
  HttpHead head;
  head.code = 10;
  EXPECT_FALSE(decode_http_head(encode(head)));
}

TEST(Messages, TextThatIsNotUtf8IsRefused) {
  EXPECT_FALSE(decode_log(encode(Log{.level = 1, .text = "\xFF"})));
  EXPECT_FALSE(decode_open_set(
      encode(OpenSet{.stream = 0, .scope = "s", .last = true, .keys = {"ok", "\xC3"}})));
}

TEST(Messages, OneMessageIsNotReadAsAnother) {
  EXPECT_FALSE(decode_cursor_get(encode(Commit{.key = "k", .cursor = "c"})));
  EXPECT_FALSE(decode_commit(encode(CursorGet{.key = "k"})));
}

}  // namespace
}  // namespace baselined::wire
