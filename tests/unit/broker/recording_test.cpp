// What is recorded, in which files, and what never is.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "daemon/broker/recording_egress.h"
#include "daemon/broker/replay_egress.h"
#include "tests/unit/broker/scripted_egress.h"

namespace baselined::broker {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kCanary = "glpat-CANARY/53cret";

std::string without_canary(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; (at = out.find(kCanary)) != std::string::npos;) {
    out.replace(at, kCanary.size(), "***");
  }
  return out;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string all_of(const fs::path& folder) {
  std::string all;
  for (const std::string& name : names_in(folder)) {
    all += name + "\n" + content_of(folder / name);
  }
  return all;
}

RecordingSettings into(const fs::path& folder) {
  return {folder, from_us(1'772'352'000'000'000), without_canary, "https://Git.Example.com/api/v4"};
}

// A recorder over a script, with one outlet.
struct Recorder {
  explicit Recorder(RecordingSettings settings, std::vector<wire::HttpAnswer> answers)
      : script(std::make_shared<ScriptedEgress>()) {
    script->answers = std::move(answers);
    recording = RecordingEgress::create(script, std::move(settings)).value();
    outlet = outlet_of(*recording);
  }
  wire::HttpAnswer ask(wire::HttpRequest request) {
    return broker::ask(*outlet, std::move(request));
  }

  std::shared_ptr<ScriptedEgress> script;
  std::shared_ptr<RecordingEgress> recording;
  std::unique_ptr<wire::Outlet> outlet;
};

mode_t mode_of(const fs::path& path) {
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

std::string refusal_of(const fs::path& folder) {
  const auto recording = RecordingEgress::create(std::make_shared<ScriptedEgress>(), into(folder));
  EXPECT_FALSE(recording);
  EXPECT_EQ(recording.error().code(), Error::Code::config);
  return recording.error().message();
}

TEST(RecordingEgress, PassesRequestsAndAnswersOnAsTheyAre) {
  Recorder recorder(into(empty_folder("record-pass")),
                    {response("body " + std::string(kCanary), {{"set-cookie", "a"}}, 201)});
  wire::HttpRequest request = post("/x", "{}", "application/json");
  request.timeout = std::chrono::seconds(7);
  request.etag = "\"1\"";
  const wire::HttpAnswer answer = recorder.ask(request);
  ASSERT_TRUE(answer.response);
  EXPECT_EQ(answer.response->status, 201);
  EXPECT_EQ(answer.response->body, "body " + std::string(kCanary));
  EXPECT_EQ(answer.response->headers[0].name, "set-cookie");
  ASSERT_EQ(recorder.script->requests.size(), 1U);
  EXPECT_EQ(recorder.script->requests[0].timeout, std::chrono::seconds(7));
  EXPECT_EQ(recorder.script->requests[0].body, "{}");
  EXPECT_EQ(recorder.script->requests[0].etag, "\"1\"");
  recorder.script->limit = "requests";
  EXPECT_EQ(recorder.outlet->limit_hit(), "requests");
  recorder.outlet->cancel();
  EXPECT_TRUE(recorder.script->is_cancelled);
  EXPECT_FALSE(recorder.recording->open({"collector", "missing", {}, 1, 1}));
}

TEST(RecordingEgress, WritesAFileForEachExchangeThatOnlyItsOwnerReads) {
  const fs::path folder = empty_folder("record-files") / "new";
  Recorder recorder(into(folder), {json_response("[1]"), json_response("[2]")});
  EXPECT_THAT(names_in(folder), ElementsAre("cassette.json"));
  recorder.ask(get("/1"));
  recorder.ask(get("/2"));
  EXPECT_THAT(names_in(folder), ElementsAre("0001.json", "0002.json", "cassette.json"));
  ASSERT_TRUE(recorder.recording->finish());
  EXPECT_THAT(names_in(folder), ElementsAre("0001.json", "0002.json", "cassette.json"));
  EXPECT_EQ(mode_of(folder), 0700U);
  for (const std::string& name : names_in(folder)) {
    EXPECT_EQ(mode_of(folder / name), 0600U) << name;
  }
}

TEST(RecordingEgress, TakesAnEmptyFolderAndClosesItToOthers) {
  const fs::path folder = empty_folder("record-empty");
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  Recorder recorder(into(folder), {});
  EXPECT_EQ(mode_of(folder), 0700U);
}

TEST(RecordingEgress, RefusesAFolderThatHoldsAnything) {
  const fs::path folder = empty_folder("record-refuse");
  { Recorder recorder(into(folder), {}); }
  EXPECT_THAT(refusal_of(folder), HasSubstr("not empty"));
  const fs::path other = empty_folder("record-refuse-other");
  write_file(other / "notes.txt", "mine");
  EXPECT_THAT(refusal_of(other), HasSubstr("not empty"));
  EXPECT_THAT(names_in(other), ElementsAre("notes.txt"));
  EXPECT_THAT(refusal_of(other / "notes.txt"), HasSubstr("notes.txt"));
  EXPECT_THAT(refusal_of(other / "no" / "such"), HasSubstr("No such file"));
}

TEST(RecordingEgress, TwoRecordingsOfTheSameAreTheSameBytes) {
  const auto record = [](const fs::path& folder) {
    Recorder recorder(
        into(folder),
        {response(R"({"b":1,"a":2})",
                  {{"date", folder.string()}, {"etag", "1"}, {"content-type", "application/json"}}),
         failure(Error::Code::transient, "git.example.com: timeout")});
    recorder.ask(get("/1"));
    recorder.ask(get("/2"));
    EXPECT_TRUE(recorder.recording->finish());
    return all_of(folder);
  };
  const std::string first = record(empty_folder("record-same-1"));
  EXPECT_EQ(first, record(empty_folder("record-same-2")));
  EXPECT_THAT(first, HasSubstr(R"("recorded_at": "2026-03-01T08:00:00Z")"));
}

TEST(RecordingEgress, SaysUntilItsEndThatItIsRecording) {
  const fs::path folder = empty_folder("record-state");
  Recorder recorder(into(folder), {json_response("[1]")});
  recorder.ask(get("/1"));
  const auto before = ReplayEgress::create(folder);
  ASSERT_TRUE(before);
  EXPECT_FALSE((*before)->is_complete());
  EXPECT_THAT((*before)->unused(), ElementsAre("0001.json: GET /1"));
  ASSERT_TRUE(recorder.recording->finish());
  EXPECT_TRUE(ReplayEgress::create(folder).value()->is_complete());
}

TEST(RecordingEgress, ARunThatWasCancelledLeavesAnIncompleteCassette) {
  const fs::path folder = empty_folder("record-cancel");
  Recorder recorder(into(folder),
                    {json_response("[1]"), failure(Error::Code::cancelled, "cancelled")});
  recorder.ask(get("/1"));
  EXPECT_EQ(recorder.ask(get("/2")).response.error().code(), Error::Code::cancelled);
  const Status status = recorder.recording->finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Error::Code::cancelled);
  EXPECT_THAT(names_in(folder), ElementsAre("0001.json", "cassette.json"));
  EXPECT_FALSE(ReplayEgress::create(folder).value()->is_complete());
}

TEST(RecordingEgress, ARunThatEndedBeforeItsAnswerLeavesAnIncompleteCassette) {
  const fs::path folder = empty_folder("record-under-way");
  Recorder recorder(into(folder), {});
  recorder.outlet->send(get("/1"), [](const wire::HttpAnswer&) { FAIL() << "there is no answer"; });
  recorder.outlet.reset();
  EXPECT_FALSE(recorder.recording->finish());
  EXPECT_FALSE(ReplayEgress::create(folder).value()->is_complete());
}

// A process that records until it is killed.
[[noreturn]] void record_for_ever(const fs::path& folder, int answered) {
  const std::vector<wire::HttpAnswer> answers(100'000, json_response("[\"an answer\"]"));
  Recorder recorder(into(folder), answers);
  while (true) {
    recorder.ask(get("/x"));
    if (::write(answered, "x", 1) != 1) {
      ::_exit(1);
    }
  }
}

TEST(RecordingEgress, AKillLeavesAnIncompleteCassetteOfAllThatWasAnswered) {
  for (const std::size_t asked : {1U, 2U, 7U, 20U}) {
    SCOPED_TRACE(asked);
    const fs::path folder = empty_folder("record-kill");
    int ends[2] = {};
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      record_for_ever(folder, ends[1]);
    }
    ::close(ends[1]);
    char byte = 0;
    for (std::size_t number = 0; number < asked; ++number) {
      ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    }
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    std::size_t answered = asked;
    while (::read(ends[0], &byte, 1) == 1) {
      ++answered;
    }
    ::close(ends[0]);
    const auto replay = ReplayEgress::create(folder);
    ASSERT_TRUE(replay) << replay.error().message();
    EXPECT_FALSE((*replay)->is_complete());
    EXPECT_GE((*replay)->unused().size(), answered);
    EXPECT_LE((*replay)->unused().size(), answered + 1);
  }
}

TEST(RecordingEgress, WhatCannotBeWrittenFailsTheRunAndTheCassette) {
  const fs::path folder = empty_folder("record-broken") / "gone";
  Recorder recorder(into(folder), {json_response("[1]"), json_response("[2]")});
  fs::remove_all(folder);
  const wire::HttpAnswer answer = recorder.ask(get("/1"));
  ASSERT_FALSE(answer.response);
  EXPECT_EQ(answer.response.error().code(), Error::Code::transient);
  EXPECT_THAT(answer.response.error().message(), HasSubstr("0001.json: cannot record"));
  fs::create_directories(folder);
  EXPECT_FALSE(recorder.ask(get("/2")).response) << "there would be a hole";
  EXPECT_FALSE(recorder.recording->finish());
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(RecordingEgress, ACanaryIsNowhere) {
  const fs::path folder = empty_folder("record-canary");
  const std::string secret(kCanary);
  const std::string escaped = R"(glpat-CANARY\/53cret)";
  const std::string unicode = R"(glpat-\u0043ANARY/53cret)";
  Recorder recorder(
      into(folder),
      {json_response(R"({"token":")" + secret + R"(","url":"https:\/\/x\/?t=)" + escaped +
                     R"(","u":")" + unicode + R"(","q\"":"a\\"})"),
       response("id,token\n1," + secret + "\n2,\"" + unicode + "\"\n",
                {{"content-type", "text/csv"},
                 {"link", "<https://git.example.com/x?private_token=" + secret + ">; rel=next"},
                 {"location", "/" + secret}}),
       json_response("[1e999, \"" + unicode + "\"]"), response("\xFF" + secret),
       failure(Error::Code::auth, "the token " + secret + " is not valid")});
  wire::HttpRequest request =
      post("/x?t=" + secret, "{\"t\":\"" + unicode + "\"}", "application/json");
  request.headers.push_back({"Accept", secret});
  request.headers.push_back({"Private-Token", secret});
  for (int number = 0; number < 5; ++number) {
    recorder.ask(request);
  }
  ASSERT_TRUE(recorder.recording->finish());
  const std::string all = all_of(folder);
  EXPECT_THAT(all, Not(HasSubstr("CANARY")));
  EXPECT_THAT(all, Not(HasSubstr("ANARY")));
  EXPECT_THAT(all, Not(HasSubstr("53cret")));
  EXPECT_THAT(all, Not(HasSubstr("rivate-")));
  EXPECT_THAT(all, HasSubstr(R"("token": "***")"));
  EXPECT_THAT(all, HasSubstr(R"("url": "https://x/?t=***")"));
  EXPECT_THAT(all, HasSubstr(R"("q\"": "a\\")"));
  EXPECT_THAT(all, HasSubstr(R"("location": "/***")"));
  EXPECT_THAT(all, HasSubstr(R"([1e999, \"***\"])"));
  EXPECT_THAT(all, HasSubstr("the token *** is not valid"));
  EXPECT_THAT(all, HasSubstr(R"("target": "/x?t=***")"));
  EXPECT_TRUE(ReplayEgress::create(folder));
}

TEST(RecordingEgress, TheHostOfTheConnectionIsNowhere) {
  const fs::path folder = empty_folder("record-host");
  Recorder recorder(
      into(folder),
      {response(R"({"url":"https:\/\/git.example.com\/a","ssh":"git@GIT.example.com:a/b.git",)"
                R"("other":["git.example.company","my-git.example.com","x.git.example.com"],)"
                R"("sentence":"at git.example.com."})",
                {{"content-type", "application/json"},
                 {"link", "<https://git.example.com:443/api/v4/x?page=2>; rel=next"}}),
       failure(Error::Code::transient, "git.example.com/x: connection refused")});
  recorder.ask(get("https://git.example.com/api/v4/x"));
  recorder.ask(get("/y"));
  ASSERT_TRUE(recorder.recording->finish());
  const std::string all = all_of(folder);
  for (const char* const part :
       {R"("target": "https://origin.invalid/api/v4/x")", R"("url": "https://origin.invalid/a")",
        R"("ssh": "git@origin.invalid:a/b.git")", R"("git.example.company",)",
        R"("my-git.example.com",)", R"("x.git.example.com")", R"(at origin.invalid.")",
        "<https://origin.invalid:443/api/v4/x?page=2>", "origin.invalid/x: connection refused"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
}

TEST(RecordingEgress, WithoutABaseUrlOrARedactionTextsStayAsTheyAre) {
  const fs::path folder = empty_folder("record-plain");
  Recorder recorder({folder, {}, {}, {}}, {response("git.example.com \"\\u0041\"")});
  recorder.ask(get("/x"));
  EXPECT_THAT(all_of(folder), HasSubstr(R"(git.example.com \"\\u0041\")"));
}

}  // namespace
}  // namespace baselined::broker
