#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/control/control.h"
#include "tests/unit/control/running_control.h"

namespace baselined::control {
namespace {

using std::chrono::milliseconds;
using test::RawControlClient;
using test::RunningControl;
using test::TemporaryDirectory;
using testing::EndsWith;
using testing::HasSubstr;

void echo(const std::shared_ptr<Exchange>& exchange) {
  json::object line;
  line["you"] = exchange->request();
  exchange->finish(line);
}

TEST(ControlServer, AnswersOneRequestWithOneLineOrMore) {
  RunningControl server([](const std::shared_ptr<Exchange>& exchange) {
    exchange->send({{"step", 1}});
    exchange->finish({{"step", 2}});
  });
  RawControlClient client(server.path());
  EXPECT_EQ(client.send("{}\n").rest(), "{\"step\":1}\n{\"step\":2,\"done\":true}\n");
}

TEST(ControlServer, ReadsARequestThatComesInPiecesAndThenNothing) {
  RunningControl server(echo);
  RawControlClient client(server.path());
  for (const char byte : std::string("{\"a\":1}\n")) {
    client.send({&byte, 1});
  }
  EXPECT_EQ(client.half_close().rest(), "{\"you\":{\"a\":1},\"done\":true}\n");
}

TEST(ControlServer, KeepsAnExchangeForAsLongAsTheHandlerWants) {
  std::shared_ptr<Exchange> kept;
  RunningControl server([&](std::shared_ptr<Exchange> exchange) { kept = std::move(exchange); });
  RawControlClient client(server.path());
  client.send("{}\n");
  RawControlClient other(server.path());
  other.send("broken\n").rest();  // its answer comes after the first request was taken
  server.loop().run([&] { kept->finish({}); });
  EXPECT_EQ(client.rest(), "{\"done\":true}\n");
  server.loop().run([&] { kept.reset(); });
}

TEST(ControlServer, ClosesWithTheLastReference) {
  RunningControl server([](const std::shared_ptr<Exchange>& exchange) {
    exchange->send({{"a", 1}});
  });
  RawControlClient client(server.path());
  EXPECT_EQ(client.send("{}\n").rest(), "{\"a\":1}\n");
}

TEST(ControlServer, IgnoresWhatIsSentAfterTheLastLine) {
  RunningControl server([](const std::shared_ptr<Exchange>& exchange) {
    exchange->finish({});
    exchange->send({{"late", 1}});
    exchange->finish({{"later", 1}});
  });
  RawControlClient client(server.path());
  EXPECT_EQ(client.send("{}\n").rest(), "{\"done\":true}\n");
}

TEST(ControlServer, ServesTwoClientsAtOnce) {
  std::vector<std::shared_ptr<Exchange>> waiting;
  RunningControl server([&](std::shared_ptr<Exchange> exchange) {
    waiting.push_back(std::move(exchange));
    if (waiting.size() == 2) {
      for (const auto& each : waiting) {
        echo(each);
      }
      waiting.clear();
    }
  });
  RawControlClient first(server.path());
  RawControlClient second(server.path());
  first.send("{\"a\":1}\n");
  second.send("{\"b\":2}\n");
  EXPECT_EQ(first.rest(), "{\"you\":{\"a\":1},\"done\":true}\n");
  EXPECT_EQ(second.rest(), "{\"you\":{\"b\":2},\"done\":true}\n");
}

struct Broken {
  std::string bytes;
  const char* error;
};

class BrokenRequest : public testing::TestWithParam<Broken> {};

TEST_P(BrokenRequest, IsRefusedWithoutTheHandler) {
  std::atomic<int> calls = 0;
  ControlLimits limits;
  limits.max_request_bytes = 100;
  RunningControl server([&](const std::shared_ptr<Exchange>&) { ++calls; }, limits);
  RawControlClient client(server.path());
  const std::string answer = client.send(GetParam().bytes).rest();
  EXPECT_THAT(answer, HasSubstr(GetParam().error));
  EXPECT_THAT(answer, EndsWith(",\"done\":true}\n"));
  EXPECT_EQ(calls, 0);
}

INSTANTIATE_TEST_SUITE_P(Table, BrokenRequest,
                         testing::Values(Broken{"garbage\n", "\"code\":\"data\""},
                                         Broken{"\n", "the request"},
                                         Broken{"[1]\n", "one JSON object"},
                                         Broken{"{}\n{}\n", "one request per connection"},
                                         Broken{std::string(101, ' '), "at most 100 bytes"},
                                         Broken{std::string(5000, ' '), "\"code\":\"limit\""}));

TEST(ControlServer, TakesARequestOfExactlyTheAllowedSize) {
  ControlLimits limits;
  limits.max_request_bytes = 100;
  RunningControl server(echo, limits);
  RawControlClient client(server.path());
  EXPECT_THAT(client.send(std::string(97, ' ') + "{}\n").rest(), HasSubstr("\"you\":{}"));
}

TEST(ControlServer, TellsAClientThatIsTooSlow) {
  ControlLimits limits;
  limits.request_deadline = milliseconds(30);
  RunningControl server(echo, limits);
  RawControlClient client(server.path());
  EXPECT_THAT(client.send("{\"half\":").rest(), HasSubstr("no complete request in time"));
}

TEST(ControlServer, HasNoDeadlineForTheAnswer) {
  ControlLimits limits;
  limits.request_deadline = milliseconds(250);
  std::shared_ptr<Exchange> kept;
  RunningControl server(
      [&](std::shared_ptr<Exchange> exchange) {
        if (exchange->request().contains("keep")) {
          kept = std::move(exchange);
        }
      },
      limits);
  RawControlClient client(server.path());
  client.send("{\"keep\":1}\n");
  // Another client lives through the whole deadline meanwhile.
  RawControlClient slow(server.path());
  slow.rest();
  server.loop().run([&] {
    kept->finish({});
    kept.reset();
  });
  EXPECT_EQ(client.rest(), "{\"done\":true}\n");
}

TEST(ControlServer, ForgetsAClientThatGoesAway) {
  std::shared_ptr<Exchange> kept;
  RunningControl server([&](std::shared_ptr<Exchange> exchange) { kept = std::move(exchange); });
  { RawControlClient(server.path()).send("{\"ha"); }
  { RawControlClient(server.path()).send("{}\n"); }
  RawControlClient last(server.path());
  last.send("broken\n").rest();
  server.loop().run([&] {
    ASSERT_NE(kept, nullptr);
    for (int line = 0; line < 10; ++line) {
      kept->send({{"line", line}});
    }
    kept->finish({});
    kept.reset();
  });
  server.stop_and_join();
}

TEST(ControlServer, DropsAClientThatDoesNotReadAtTheLimit) {
  ControlLimits limits;
  limits.max_queued_bytes = std::size_t{1} << 20U;
  RunningControl server(
      [](const std::shared_ptr<Exchange>& exchange) {
        const std::string text(1000, 'x');
        for (int line = 0; line < 10'000; ++line) {
          exchange->send({{"text", text}});
        }
        exchange->finish({});
      },
      limits);
  RawControlClient client(server.path());
  const std::string answer = client.send("{}\n").rest();
  EXPECT_LT(answer.size(), 2 * limits.max_queued_bytes);
  EXPECT_EQ(answer.find("done"), std::string::npos);
}

TEST(ControlServer, SendsALongAnswerToAClientThatReads) {
  RunningControl server([](const std::shared_ptr<Exchange>& exchange) {
    exchange->finish({{"text", std::string(7'000'000, 'x')}});
  });
  RawControlClient client(server.path());
  EXPECT_THAT(client.send("{}\n").rest(), EndsWith("xxx\",\"done\":true}\n"));
}

TEST(ControlServer, GivesUpOnAClientThatNeverReadsTheEnd) {
  ControlLimits limits;
  limits.flush_deadline = milliseconds(30);
  RunningControl server(
      [](const std::shared_ptr<Exchange>& exchange) {
        exchange->finish({{"text", std::string(7'000'000, 'x')}});
      },
      limits);
  RawControlClient client(server.path());
  client.send("{}\n").wait_for_close();
  EXPECT_LT(client.rest().size(), 7'000'000U);
}

TEST(ControlServer, RefusesOneClientTooMany) {
  ControlLimits limits;
  limits.max_connections = 2;
  RunningControl server(echo, limits);
  const RawControlClient first(server.path());
  const RawControlClient second(server.path());
  RawControlClient third(server.path());
  EXPECT_THAT(third.rest(), HasSubstr("too many clients"));
}

TEST(ControlServer, SurvivesAHandlerThatThrows) {
  RunningControl server(
      [](const std::shared_ptr<Exchange>&) { throw std::runtime_error("no good"); });
  EXPECT_EQ(RawControlClient(server.path()).send("{}\n").rest(), "");
  EXPECT_EQ(RawControlClient(server.path()).send("{}\n").rest(), "");
}

TEST(ControlServer, MakesASocketForItsOwnUserOnly) {
  const mode_t before = ::umask(0);
  RunningControl server(echo);
  ::umask(before);
  struct stat info {};
  ASSERT_EQ(::lstat(server.path().c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST(ControlServer, StopsWithClientsInEveryState) {
  std::shared_ptr<Exchange> kept;
  RunningControl server([&](std::shared_ptr<Exchange> exchange) { kept = std::move(exchange); });
  RawControlClient silent(server.path());
  RawControlClient half(server.path());
  half.send("{\"a\"");
  RawControlClient waiting(server.path());
  waiting.send("{}\n");
  RawControlClient refused(server.path());
  refused.send("broken\n").rest();
  const std::filesystem::path path = server.path();
  server.stop_and_join();
  EXPECT_EQ(silent.rest() + half.rest() + waiting.rest(), "");
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_NE(kept, nullptr);
  kept->finish({{"late", true}});  // nobody is there any more, and that is no error
  kept.reset();
}

TEST(ControlServer, ReplacesAStaleSocket) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "control.sock";
  boost::asio::io_context context;
  {
    const auto server = ControlServer::listen(context, path, echo);
    ASSERT_TRUE(server.has_value());
    std::filesystem::create_hard_link(path, directory / "stale");
  }
  std::filesystem::rename(directory / "stale", path);
  EXPECT_TRUE(ControlServer::listen(context, path, echo).has_value());
}

TEST(ControlServer, NeverReplacesWhatIsNoSocket) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "control.sock";
  std::ofstream(path) << "precious";
  boost::asio::io_context context;
  const auto server = ControlServer::listen(context, path, echo);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code(), Error::Code::transient);
  EXPECT_THAT(server.error().message(), HasSubstr(path.native()));
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
}

TEST(ControlServer, NamesADirectoryThatIsNotThere) {
  const TemporaryDirectory directory;
  boost::asio::io_context context;
  const auto server = ControlServer::listen(context, directory / "no/control.sock", echo);
  ASSERT_FALSE(server.has_value());
  EXPECT_THAT(server.error().message(), HasSubstr("no/control.sock: No such file"));
}

TEST(ControlServer, SaysWhatToDoAboutADirectoryOfAnotherUser) {
  constexpr uid_t kNobody = 65534;
  const TemporaryDirectory directory;
  std::filesystem::permissions(directory / "", std::filesystem::perms::owner_read);
  const uid_t user = ::geteuid();
  if (user == 0 && ::seteuid(kNobody) != 0) {
    GTEST_SKIP() << "root may write everywhere, and cannot become another user here";
  }
  boost::asio::io_context context;
  const auto server = ControlServer::listen(context, directory / "control.sock", echo);
  ASSERT_EQ(::seteuid(user), 0);
  ASSERT_FALSE(server.has_value());
  EXPECT_THAT(server.error().message(),
              EndsWith("control.sock: Permission denied; the state directory must belong to the "
                       "user that runs baselined, and be writable"));
}

TEST(ControlServer, RefusesAPathThatIsTooLong) {
  boost::asio::io_context context;
  const auto server = ControlServer::listen(context, "/" + std::string(107, 'a'), echo);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code(), Error::Code::config);
  EXPECT_THAT(server.error().message(), HasSubstr("has 108 bytes and may have at most 107"));
}

}  // namespace
}  // namespace baselined::control
