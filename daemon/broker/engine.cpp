#include "daemon/broker/engine.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <random>
#include <utility>

namespace baselined::broker {
namespace {

constexpr long kKeptConnections = 64;
constexpr std::chrono::milliseconds kLongestPoll = std::chrono::hours(1);

// libcurl would write the keys of every TLS session to the file that this variable names.
CURLcode initialise_once() {
  ::unsetenv("SSLKEYLOGFILE");
  return curl_global_init(CURL_GLOBAL_DEFAULT);
}

void initialise_curl() {
  static const CURLcode kCode = initialise_once();
  BL_ASSERT(kCode == CURLE_OK);
}

// Signals are for the threads of others; those that libcurl starts inherit this.
template <class Function>
std::thread thread_without_signals(Function function) {
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(function));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

std::function<double()> random_source() {
  const auto generator = std::make_shared<std::mt19937_64>(std::random_device()());
  return [generator] { return std::uniform_real_distribution<double>()(*generator); };
}

Now current_time() {
  const SystemClock clock;
  return {clock.steady_now(), clock.now()};
}

}  // namespace

Engine::Engine(Secrets& secrets, const BrokerOptions& options)
    : services_{secrets, options, sockets_, turn_,
                options.random ? options.random : random_source()},
      multi_((initialise_curl(), curl_multi_init())) {
  BL_ASSERT(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kKeptConnections);
  // Streams that share a connection stand still at times: what came for them is not read.
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING});
  thread_ = thread_without_signals([this] { loop(); });
  pthread_setname_np(thread_.native_handle(), "broker");
}

Engine::~Engine() {
  is_stopping_ = true;
  wake();
  thread_.join();
  for (Active& active : active_) {
    detach(active);
    active.exchange->cancel();
    active.receiver->deliver(active.on_answer, active.exchange->take_answer());
  }
  active_.clear();
  curl_multi_cleanup(multi_);
}

void Engine::submit(Submission submission) {
  {
    const std::lock_guard lock(mutex_);
    submitted_.push_back(std::move(submission));
  }
  wake();
}

void Engine::wake() { curl_multi_wakeup(multi_); }

void Engine::loop() {
  while (!is_stopping_) {
    take_submissions();
    drive();  // what has come counts, also where the process was stopped for a while
    step_all();
    drive();
    curl_multi_poll(multi_, nullptr, 0, static_cast<int>(poll_time_ms(current_time().steady)),
                    nullptr);
  }
  take_submissions();
}

void Engine::take_submissions() {
  std::vector<Submission> submitted;
  {
    const std::lock_guard lock(mutex_);
    submitted.swap(submitted_);
  }
  for (Submission& each : submitted) {
    auto exchange = std::make_unique<Exchange>(std::move(each.source), each.run,
                                               std::move(each.request), services_);
    active_.push_back({std::move(each.run), std::move(each.receiver), std::move(each.on_answer),
                       std::move(exchange)});
  }
}

// An answer may free what an earlier exchange waits for: again until nothing ends.
void Engine::step_all() {
  const auto size = [this] { return active_.size(); };
  std::size_t before = 0;
  do {
    before = size();
    next_look_ = SteadyTime::max();
    const Now now = current_time();
    for (auto active = active_.begin(); active != active_.end();) {
      const bool is_gone = end_unwanted(*active);
      if (!is_gone) {
        next_look_ = std::min(next_look_, step(*active, now));
      }
      if (is_gone || active->exchange->is_over()) {
        const Active ended = std::move(*active);
        active = active_.erase(active);
        ended.receiver->deliver(ended.on_answer, ended.exchange->take_answer());
      } else {
        ++active;
      }
    }
  } while (size() < before);
}

// Cancelled, or nobody waits for it any more.
bool Engine::end_unwanted(Active& active) {
  if (!active.run->is_cancelled && !active.receiver->is_dropped()) {
    return false;
  }
  detach(active);
  active.exchange->cancel();
  return true;
}

SteadyTime Engine::step(Active& active, Now now) {
  const bool was_idle = active.exchange->transfer() == nullptr;
  const SteadyTime look = active.exchange->step(now);
  Transfer* const transfer = active.exchange->transfer();
  if (transfer == nullptr) {
    return look;
  }
  if (was_idle) {
    BL_ASSERT(curl_multi_add_handle(multi_, transfer->handle()) == CURLM_OK);
  }
  const SteadyTime next = transfer->watch(now.steady);
  if (next <= now.steady) {
    detach(active);
    active.exchange->finished(CURLE_OPERATION_TIMEDOUT, now);
  }
  return next;
}

void Engine::drive() {
  int running = 0;
  turn_.begin();
  curl_multi_perform(multi_, &running);
  collect_finished();
}

void Engine::collect_finished() {
  int left = 0;
  bool is_any = false;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) {
      continue;
    }
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto active = std::ranges::find_if(active_, [handle](const Active& each) {
      return each.exchange->transfer() != nullptr && each.exchange->transfer()->handle() == handle;
    });
    BL_ASSERT(active != active_.end());
    detach(*active);
    active->exchange->finished(code, current_time());
    is_any = true;
  }
  if (is_any) {
    next_look_ = SteadyTime();  // at once
  }
}

void Engine::detach(Active& active) {
  if (Transfer* transfer = active.exchange->transfer()) {
    // What was given up may never come: libcurl would keep such a connection of HTTP/2.
    curl_easy_setopt(transfer->handle(), CURLOPT_FORBID_REUSE, 1L);
    curl_multi_remove_handle(multi_, transfer->handle());
  }
}

long Engine::poll_time_ms(SteadyTime now) const {
  using std::chrono::milliseconds;
  if (next_look_ <= now) {
    return 0;
  }
  const auto wait = next_look_ == SteadyTime::max()
                        ? kLongestPoll
                        : std::chrono::ceil<milliseconds>(next_look_ - now);
  return long{std::min(wait, kLongestPoll).count()};
}

}  // namespace baselined::broker
