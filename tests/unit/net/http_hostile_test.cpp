// What a client sees that is slow, broken or hostile, and what others see meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/net/http_server.h"
#include "tests/unit/net/raw_client.h"
#include "tests/unit/net/running_server.h"

namespace baselined::net {
namespace {

using std::chrono::milliseconds;
using test::RawClient;
using test::RunningServer;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";

bool is_served(RawClient& client) { return client.send(kGet).response().ends_with("GET "); }

bool serves_a_newcomer(const RunningServer& server) {
  RawClient client(server.port());
  return is_served(client);
}

struct Refused {
  std::string bytes;
  const char* status;
};

class RefusedClient : public testing::TestWithParam<Refused> {};

TEST_P(RefusedClient, GetsItsAnswerAndIsClosed) {
  RunningServer server;
  RawClient client(server.port());
  const std::string all = client.send(GetParam().bytes).rest();
  EXPECT_THAT(all, StartsWith(std::string("HTTP/1.1 ") + GetParam().status + " "));
  EXPECT_EQ(all.find("HTTP/1.1 ", 1), std::string::npos) << "a second answer: " << all;
  EXPECT_TRUE(serves_a_newcomer(server));
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedClient,
    testing::Values(
        Refused{"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "405"},
        Refused{"DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kGet), "405"},
        Refused{"GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "413"},
        Refused{"GET /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "400"},
        // The smuggled request behind it must not be answered.
        Refused{"GET /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n"
                "Connection: keep-alive\r\n\r\n0\r\n\r\n" +
                    std::string(kGet),
                "400"},
        Refused{"\x16\x03\x01\x02garbage", "400"}, Refused{"GET / HTTP/1.1\n\n", "400"},
        Refused{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
        Refused{"GET /" + std::string(20000, 'a'), "431"},
        Refused{"GET / HTTP/1.1\r\nHost: a\r\n" + std::string(20000, 'b'), "431"}));

TEST(HostileClient, SeesTheMethodsThatItMayUse) {
  RunningServer server;
  RawClient client(server.port());
  EXPECT_THAT(client.send("PUT / HTTP/1.1\r\nHost: a\r\n\r\n").response(),
              HasSubstr("\r\nAllow: GET, HEAD\r\n"));
}

TEST(HostileClient, GetsItsAnswerThoughItSendsMuchMore) {
  RunningServer server;
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n");
  client.send(std::string(40000, 'x'));
  EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 405 "));
}

TEST(HostileClient, IsClosedAtTheHeaderDeadline) {
  HttpLimits limits;
  limits.header_deadline = milliseconds(30);
  RunningServer server(limits);
  RawClient silent(server.port());
  RawClient slow(server.port());
  slow.send("GET /echo HT");
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(slow.is_closed());
}

TEST(HostileClient, MayNotStretchTheHeaderDeadlineByTrickling) {
  HttpLimits limits;
  limits.header_deadline = milliseconds(30);
  limits.max_header_bytes = std::size_t{1} << 30U;
  RunningServer server(limits);
  RawClient client(server.port());
  client.send("GET /echo HTTP/1.1\r\nA: ");
  int sent = 0;
  for (std::string_view byte = "a"; sent < 1'000'000 && client.send_some(byte); byte = "a") {
    ++sent;
  }
  EXPECT_LT(sent, 1'000'000);
}

TEST(HostileClient, IsClosedAtTheHeaderDeadlineOfALaterRequest) {
  HttpLimits limits;
  limits.header_deadline = milliseconds(250);
  RunningServer server(limits);
  RawClient client(server.port());
  ASSERT_TRUE(is_served(client));
  client.send("GET /echo");
  EXPECT_TRUE(client.is_closed());
}

TEST(HostileClient, IsClosedWhenIdleForTooLong) {
  HttpLimits limits;
  limits.idle = milliseconds(30);
  RunningServer server(limits);
  RawClient client(server.port());
  ASSERT_TRUE(is_served(client));
  EXPECT_TRUE(client.is_closed());
}

TEST(HostileClient, IsCutOffWhenItDoesNotRead) {
  HttpLimits limits;
  limits.write_deadline = milliseconds(30);
  RunningServer server(limits);
  RawClient client(server.port());
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  client.wait_for_reset();
  EXPECT_LT(client.rest().size(), RunningServer::kLargeBytes);
}

TEST(HostileClient, CannotKeepOthersOutByHoldingConnections) {
  HttpLimits limits;
  limits.max_connections = 8;
  RunningServer server(limits);
  std::vector<std::unique_ptr<RawClient>> hostile;
  for (int client = 0; client < 40; ++client) {
    hostile.push_back(std::make_unique<RawClient>(server.port()));
    hostile.back()->send("GET /echo HT");
    ASSERT_TRUE(serves_a_newcomer(server)) << client;
  }
  EXPECT_TRUE(hostile.front()->is_closed());
}

TEST(HostileClient, CannotKeepOthersOutByNotReading) {
  HttpLimits limits;
  limits.max_connections = 8;
  RunningServer server(limits);
  std::vector<std::unique_ptr<RawClient>> hostile;
  for (int client = 0; client < 40; ++client) {
    hostile.push_back(std::make_unique<RawClient>(server.port()));
    hostile.back()->send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(serves_a_newcomer(server)) << client;
  }
}

TEST(HostileClient, DoesNotThrowOutAKeepAliveScraperThatHasUsedLessOfItsTime) {
  HttpLimits limits;
  limits.max_connections = 8;
  limits.idle = std::chrono::hours(1);
  RunningServer server(limits);
  RawClient scraper(server.port());
  ASSERT_TRUE(is_served(scraper));
  std::vector<std::unique_ptr<RawClient>> hostile;
  for (int client = 0; client < 40; ++client) {
    hostile.push_back(std::make_unique<RawClient>(server.port()));
    hostile.back()->send("GET /echo HT");
    ASSERT_TRUE(is_served(scraper)) << client;
  }
}

TEST(HostileClient, CannotUseUpTheDescriptors) {
  RunningServer server;
  std::vector<std::unique_ptr<RawClient>> clients;
  clients.reserve(12);
  for (int client = 0; client < 12; ++client) {
    clients.push_back(std::make_unique<RawClient>());
  }
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int highest = ::dup(0);
  ::close(highest);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(highest) + 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  int served = 0;
  for (const auto& client : clients) {
    served += client->connect(server.port()) && is_served(*client) ? 1 : 0;
  }
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(served, 12);
}

TEST(HttpServer, StopsWithConnectionsInEveryState) {
  RunningServer server;
  RawClient silent(server.port());
  RawClient half(server.port());
  half.send("GET /ec");
  RawClient idle(server.port());
  ASSERT_TRUE(is_served(idle));
  RawClient unread(server.port());
  unread.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  RawClient lingering(server.port());
  lingering.send("BAD\r\n\r\n").response();
  server.stop_and_join();
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(half.is_closed());
  EXPECT_TRUE(idle.is_closed());
}

}  // namespace
}  // namespace baselined::net
