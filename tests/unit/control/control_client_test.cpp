#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <csignal>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "daemon/control/control.h"
#include "tests/unit/control/running_control.h"

namespace baselined::control {
namespace {

using test::RunningControl;
using test::TemporaryDirectory;
using testing::HasSubstr;

Result<json::object> ask(const std::filesystem::path& path, const json::object& request) {
  BL_TRY(std::optional<ControlClient> client, ControlClient::connect(path));
  if (!client) {
    return Error(Error::Code::internal, "nobody there");
  }
  BL_CHECK(client->send(request));
  return client->receive();
}

TEST(ControlClient, FindsNobodyWhereNoSocketIs) {
  const TemporaryDirectory directory;
  const auto client = ControlClient::connect(directory / "control.sock");
  ASSERT_TRUE(client.has_value());
  EXPECT_FALSE(client->has_value());
}

TEST(ControlClient, FindsNobodyBehindAStaleSocket) {
  const TemporaryDirectory directory;
  {
    boost::asio::io_context context;
    const auto server = ControlServer::listen(context, directory / "a", nullptr);
    ASSERT_TRUE(server.has_value());
    std::filesystem::create_hard_link(directory / "a", directory / "stale");
  }
  const auto client = ControlClient::connect(directory / "stale");
  ASSERT_TRUE(client.has_value());
  EXPECT_FALSE(client->has_value());
}

TEST(ControlClient, RefusesAPathThatIsTooLong) {
  const auto client = ControlClient::connect("/" + std::string(107, 'a'));
  ASSERT_FALSE(client.has_value());
  EXPECT_EQ(client.error().code(), Error::Code::config);
}

TEST(ControlClient, ReadsEveryLineOfAnAnswer) {
  RunningControl server([](const std::shared_ptr<Exchange>& exchange) {
    exchange->send({{"you", exchange->request()}});
    exchange->finish({{"text", std::string(100'000, 'x')}});
  });
  auto client = ControlClient::connect(server.path());
  ASSERT_TRUE(client.has_value() && client->has_value());
  ASSERT_TRUE((*client)->send({{"command", "collect"}}).has_value());
  const auto first = (*client)->receive();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(json::serialize(*first), "{\"you\":{\"command\":\"collect\"}}");
  const auto last = (*client)->receive();
  ASSERT_TRUE(last.has_value());
  EXPECT_TRUE(last->at("done").as_bool());
  const auto beyond = (*client)->receive();
  ASSERT_FALSE(beyond.has_value());
  EXPECT_EQ(beyond.error().code(), Error::Code::transient);
}

TEST(ControlClient, ReportsAnAnswerThatEndsTooEarly) {
  RunningControl server([](const std::shared_ptr<Exchange>&) {});
  const auto answer = ask(server.path(), {});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Error::Code::transient);
  EXPECT_THAT(answer.error().message(), HasSubstr("before it was done"));
}

TEST(ControlClient, ReadsWhyItsRequestWasRefusedThoughItCouldNotSendItAll) {
  RunningControl server([](const std::shared_ptr<Exchange>&) {});
  const auto answer = ask(server.path(), {{"text", std::string(5'000'000, 'x')}});
  ASSERT_TRUE(answer.has_value()) << answer.error().message();
  EXPECT_EQ(answer->at("code").as_string(), "limit");
  EXPECT_TRUE(answer->at("done").as_bool());
}

TEST(ControlClient, GoesOnAfterASignal) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {};  // no SA_RESTART: system calls fail with EINTR
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  std::promise<std::shared_ptr<Exchange>> asked;
  RunningControl server(
      [&](std::shared_ptr<Exchange> exchange) { asked.set_value(std::move(exchange)); });
  Result<json::object> answer = Error(Error::Code::internal, "never asked");
  std::thread client([&] { answer = ask(server.path(), {}); });
  std::shared_ptr<Exchange> exchange = asked.get_future().get();
  for (int signal = 0; signal < 100; ++signal) {
    pthread_kill(client.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  server.loop().run([&] {
    exchange->finish({});
    exchange.reset();
  });
  client.join();
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(answer.has_value());
}

}  // namespace
}  // namespace baselined::control
