// What a well-behaved client sees.
#include "daemon/net/http_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/unit/net/raw_client.h"
#include "tests/unit/net/running_server.h"

namespace baselined::net {
namespace {

using test::RawClient;
using test::RunningServer;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(HttpServer, AnswersAGet) {
  RunningServer server;
  RawClient client(server.port());
  const std::string response = client.send("GET /echo?x=1 HTTP/1.1\r\nHost: a\r\n\r\n").response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\nGET x=1"));
}

TEST(HttpServer, AnswersHeadWithTheLengthAndNoBody) {
  RunningServer server;
  RawClient client(server.port());
  client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.response(false), HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServer, SendsTheCompressedBodyToWhoAcceptsIt) {
  RunningServer server;
  RawClient client(server.port());
  client.send("GET /both HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  const std::string compressed = client.response();
  EXPECT_THAT(compressed, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_THAT(compressed, EndsWith("squeezed"));
  const std::string plain = client.send("GET /both HTTP/1.1\r\nHost: a\r\n\r\n").response();
  EXPECT_THAT(plain, Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(plain, EndsWith("plain"));
}

TEST(HttpServer, TellsTheHandlerWhoAcceptsGzip) {
  RunningServer server;
  RawClient client(server.port());
  client.send("GET /echo HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_THAT(client.response(), EndsWith(" gzip"));
}

TEST(HttpServer, AnswersManyRequestsOnOneConnection) {
  RunningServer server;
  RawClient client(server.port());
  for (int request = 0; request < 100; ++request) {
    const std::string query = std::to_string(request);
    client.send("GET /echo?" + query + " HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_THAT(client.response(), EndsWith("GET " + query));
  }
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  RunningServer server;
  RawClient client(server.port());
  std::string requests;
  for (int request = 0; request < 200; ++request) {
    requests += "GET /echo?" + std::to_string(request) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  client.send(requests).half_close();
  for (int request = 0; request < 200; ++request) {
    ASSERT_THAT(client.response(), EndsWith("GET " + std::to_string(request)));
  }
  EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, AnswersAHeadThatComesInPieces) {
  RunningServer server;
  RawClient client(server.port());
  for (const char byte : std::string("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")) {
    client.send({&byte, 1});
  }
  EXPECT_THAT(client.response(), EndsWith("GET "));
}

TEST(HttpServer, AnswersAClientThatHasNothingMoreToSay) {
  RunningServer server;
  RawClient client(server.port());
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").half_close();
  EXPECT_GT(client.rest().size(), RunningServer::kLargeBytes);
}

TEST(HttpServer, ClosesWhereTheClientAsksForIt) {
  RunningServer server;
  RawClient client(server.port());
  client.send("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.response(), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, SpeaksTheOldVersionToo) {
  RunningServer server;
  RawClient once(server.port());
  once.send("GET /echo HTTP/1.0\r\n\r\n");
  EXPECT_THAT(once.response(), EndsWith("GET "));
  EXPECT_TRUE(once.is_closed());
  RawClient twice(server.port());
  for (int request = 0; request < 2; ++request) {
    twice.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(twice.response(), HasSubstr("\r\nConnection: keep-alive\r\n"));
  }
}

TEST(HttpServer, LeavesUnknownPathsToTheHandlerUndecoded) {
  RunningServer server;
  RawClient client(server.port());
  const std::string response = client.send("GET /%65cho HTTP/1.1\r\nHost: a\r\n\r\n").response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(response, EndsWith("no /%65cho"));
}

TEST(HttpServer, AnswersWithoutABodyWhereThereIsNone) {
  RunningServer server;
  RawClient client(server.port());
  const std::string response = client.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST(HttpServer, SurvivesAHandlerThatThrows) {
  RunningServer server;
  RawClient client(server.port());
  EXPECT_THAT(client.send("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n").response(),
              StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n").response(), EndsWith("GET "));
}

TEST(HttpServer, RefusesAPortInUseByName) {
  RunningServer server;
  boost::asio::io_context context;
  const auto second = HttpServer::listen(context, "127.0.0.1", server.port(), nullptr);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), Error::Code::transient);
  EXPECT_THAT(second.error().message(),
              HasSubstr("127.0.0.1:" + std::to_string(server.port()) + ": Address already in use"));
  EXPECT_THAT(second.error().message(), HasSubstr("change `listen` in [web]"));
}

TEST(HttpServer, ListensAgainAtOnceWhereItListenedBefore) {
  std::uint16_t port = 0;
  {
    RunningServer server;
    port = server.port();
    RawClient client(port);
    client.send("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").response();
  }
  boost::asio::io_context context;
  EXPECT_TRUE(HttpServer::listen(context, "127.0.0.1", port, nullptr).has_value());
}

TEST(HttpServer, RefusesWhatIsNoAddress) {
  boost::asio::io_context context;
  const auto server = HttpServer::listen(context, "localhost", 0, nullptr);
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().code(), Error::Code::config);
  EXPECT_THAT(server.error().message(), HasSubstr("\"localhost\""));
}

TEST(HttpServer, RefusesAnAddressThatIsNotOurs) {
  boost::asio::io_context context;
  const auto server = HttpServer::listen(context, "192.0.2.1", 0, nullptr);
  ASSERT_FALSE(server.has_value());
  EXPECT_THAT(server.error().message(), HasSubstr("192.0.2.1:0: Cannot assign"));
}

TEST(HttpServer, ListensOnIpVersionSix) {
  boost::asio::io_context context;
  const auto server = HttpServer::listen(context, "::1", 0, nullptr);
  if (!server && server.error().message().find("Cannot assign") != std::string::npos) {
    GTEST_SKIP() << "this machine has no ::1";
  }
  ASSERT_TRUE(server.has_value());
  EXPECT_NE((*server)->port(), 0);
}

TEST(HttpServer, OpensNothingThatAWorkerWouldInherit) {
  RunningServer server;
  RawClient client(server.port());
  client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n").response();
  int sockets = 0;
  server.run([&sockets] {  // where nothing is closed meanwhile
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const int descriptor = std::stoi(entry.path().filename().string());
      struct stat info {};
      if (descriptor > 2 && ::fstat(descriptor, &info) == 0 && S_ISSOCK(info.st_mode)) {
        ++sockets;
        EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0) << descriptor;
      }
    }
  });
  EXPECT_GE(sockets, 3);
}

}  // namespace
}  // namespace baselined::net
