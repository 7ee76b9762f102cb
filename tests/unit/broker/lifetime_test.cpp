// Cancelling and dropping answer at once, whatever the network does.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <condition_variable>

#include "tests/unit/broker/broker_world.h"

namespace {

// A name server that hangs: names under ".hang" are resolved when the test is over.
std::mutex resolver_mutex;
std::condition_variable resolver_released;
std::atomic<int> resolving = 0;
bool is_released = false;

void hang() {
  ++resolving;
  std::unique_lock lock(resolver_mutex);
  resolver_released.wait(lock, [] { return is_released; });
  --resolving;
}

}  // namespace

// In place of the C library's, for libcurl too.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto kOriginal = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node != nullptr && std::string_view(node).ends_with(".hang")) {
    hang();
    return EAI_AGAIN;
  }
  return kOriginal(node, service, hints, result);
}

namespace baselined::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::StartsWith;

class Stopwatch {
 public:
  milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun_);
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

Peer::Answer hanging() {
  return [](Peer::Link& link, std::size_t, const std::string&) {
    link.wait_for_close();
    return false;
  };
}

// Or rather: not at the end of its time. A machine may be busy.
constexpr auto kAtOnce = seconds(5);

void wait_for(const std::function<bool()>& is_true) {
  const Stopwatch watch;
  while (!is_true() && watch.elapsed() < seconds(20)) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(is_true());
}

TEST(Lifetime, ACancelledRequestIsAnsweredAtOnce) {
  Peer peer(hanging());
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  Caller caller(broker);
  auto answer = caller.begin({});
  wait_for([&peer] { return peer.count() == 1; });
  const Stopwatch watch;
  caller.outlet().cancel();
  EXPECT_THAT(text_of(answer.get()), StartsWith("cancelled: connection forge: "));
  EXPECT_LT(watch.elapsed(), kAtOnce);
  EXPECT_THAT(text_of(caller.get("/")), StartsWith("cancelled: "));
  EXPECT_EQ(peer.count(), 1U);
  EXPECT_EQ(broker.stats()[0].in_flight, 0U);
}

TEST(Lifetime, ACancelledRequestThatWaitsIsAnsweredAtOnce) {
  Peer peer({answer("429 Slow", "Retry-After: 10\r\n", "")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  Caller caller(broker);
  auto answer = caller.begin({});
  wait_for([&peer] { return peer.count() == 1; });
  caller.outlet().cancel();
  EXPECT_EQ(answer.wait_for(kAtOnce), std::future_status::ready);
}

TEST(Lifetime, ADroppedOutletIsNeverAnswered) {
  Peer peer(hanging());
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  Caller caller(broker);
  auto answer = caller.begin({});
  wait_for([&peer] { return peer.count() == 1; });
  const Stopwatch watch;
  caller.drop();
  EXPECT_LT(watch.elapsed(), kAtOnce);
  EXPECT_THROW(answer.get(), std::future_error);  // the promise is gone, unkept
}

TEST(Lifetime, ACallbackMayDropItsOutletAndSendAgain) {
  Peer peer({json_answer("{}")});
  broker::Broker broker({connection_to(peer.url())}, quick_options());
  wire::OutletRequest request;
  request.connection = "forge";
  request.deadline = std::chrono::steady_clock::now() + seconds(20);
  std::unique_ptr<wire::Outlet> outlet = *broker.open(request);
  std::promise<void> done;
  wire::HttpRequest first;
  outlet->send(first, [&](const wire::HttpAnswer&) {
    wire::HttpRequest second;
    outlet->send(second, [&](const wire::HttpAnswer&) {
      outlet.reset();
      done.set_value();
    });
  });
  EXPECT_EQ(done.get_future().wait_for(seconds(10)), std::future_status::ready);
  EXPECT_EQ(peer.count(), 2U);
}

TEST(Lifetime, TheBrokerEndsAtOnceWithAHangingPeer) {
  Peer peer(hanging());
  const Stopwatch watch;
  {
    broker::Broker broker({connection_to(peer.url())}, quick_options());
    Caller caller(broker);
    auto answer = caller.begin({});
    wait_for([&peer] { return peer.count() == 1; });
  }
  EXPECT_LT(watch.elapsed(), kAtOnce);
}

TEST(Lifetime, ARunUnderWayKeepsItsConnectionAcrossAReload) {
  Peer peer({json_answer("{}")});
  broker::Broker broker({connection_to(peer.url("/old"))}, quick_options());
  Caller before(broker);
  broker.configure({connection_to(peer.url("/new"))});
  Caller after(broker);
  EXPECT_EQ(text_of(before.get("/a")), "200");
  EXPECT_EQ(text_of(after.get("/a")), "200");
  broker.configure({});
  EXPECT_EQ(text_of(before.get("/b")), "200");
  EXPECT_THAT(peer.requests()[0], StartsWith("GET /old/a "));
  EXPECT_THAT(peer.requests()[1], StartsWith("GET /new/a "));
}

TEST(Lifetime, ANameServerThatHangsStopsNobody) {
  Peer peer({json_answer("{}")});
  config::Connection lost = connection_to("http://name.hang");
  lost.name = "lost";
  broker::BrokerOptions options = quick_options();
  options.connect_timeout = milliseconds(300);
  {
    broker::Broker broker({connection_to(peer.url()), lost}, options);
    wire::OutletRequest request;
    request.connection = "lost";
    Caller hanging(broker, request);
    auto answer = hanging.begin({});
    wait_for([] { return resolving > 0; });
    Stopwatch watch;
    EXPECT_EQ(text_of(Caller(broker).get("/")), "200");
    EXPECT_LT(watch.elapsed(), kAtOnce);
    EXPECT_THAT(text_of(answer.get()), StartsWith("transient: connection lost: GET "));
    auto second = hanging.begin({});
    wait_for([] { return resolving > 4; });
    watch = Stopwatch();
    hanging.outlet().cancel();
    EXPECT_THAT(text_of(second.get()), StartsWith("cancelled: "));
    EXPECT_LT(watch.elapsed(), kAtOnce);
    Caller third(broker, request);
    auto dropped = third.begin({});
    wait_for([] { return resolving > 5; });
    watch = Stopwatch();
    third.drop();
    EXPECT_THROW(dropped.get(), std::future_error);
    EXPECT_LT(watch.elapsed(), kAtOnce);
  }
  {
    const std::lock_guard lock(resolver_mutex);
    is_released = true;
  }
  resolver_released.notify_all();
  wait_for([] { return resolving == 0; });
  const std::lock_guard lock(resolver_mutex);
  is_released = false;  // for a run that repeats its tests
}

}  // namespace
}  // namespace baselined::test
