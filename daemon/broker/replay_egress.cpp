#include "daemon/broker/replay_egress.h"

#include <optional>
#include <utility>

#include "daemon/broker/cassette_exchange.h"

namespace baselined::broker {
namespace {

// Shared by an outlet and the answer that is under way to it. The mutex is held while the answer is
// given, so that none comes after the outlet's end; recursive, because an answer may end it.
struct Gate {
  std::recursive_mutex mutex;
  bool is_open = true;
  bool is_cancelled = false;
};

wire::HttpAnswer cancelled() {
  return {Error(Error::Code::cancelled, "the run was cancelled"), {}};
}

}  // namespace

class ReplayEgress::ReplayOutlet final : public wire::Outlet {
 public:
  explicit ReplayOutlet(ReplayEgress& egress) : egress_(egress) {}
  ReplayOutlet(const ReplayOutlet&) = delete;
  ReplayOutlet& operator=(const ReplayOutlet&) = delete;
  ~ReplayOutlet() override {
    const std::lock_guard lock(gate_->mutex);
    gate_->is_open = false;
  }

  void send(wire::HttpRequest request, OnAnswer on_answer) override {
    const std::lock_guard lock(gate_->mutex);
    wire::HttpAnswer answer = gate_->is_cancelled ? cancelled() : egress_.answer_to(request);
    egress_.post([gate = gate_, on_answer = std::move(on_answer), answer = std::move(answer)] {
      const std::lock_guard still(gate->mutex);
      if (gate->is_open) {
        on_answer(gate->is_cancelled ? cancelled() : answer);
      }
    });
  }
  void cancel() override {
    const std::lock_guard lock(gate_->mutex);
    gate_->is_cancelled = true;
  }
  std::string limit_hit() const override { return {}; }

 private:
  ReplayEgress& egress_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

Result<std::shared_ptr<ReplayEgress>> ReplayEgress::create(const std::filesystem::path& folder,
                                                           std::string_view base_url) {
  cassette::Parsed<cassette::Cassette> cassette = cassette::read_cassette(folder);
  if (!cassette.value) {
    return Error(Error::Code::config, std::move(cassette.problem));
  }
  return std::make_shared<ReplayEgress>(std::move(*cassette.value), base_url);
}

ReplayEgress::ReplayEgress(cassette::Cassette cassette, std::string_view base_url)
    : redaction_({}, base_url),
      player_(std::move(cassette)),
      thread_([this] { answer_until_stopped(); }) {}

ReplayEgress::~ReplayEgress() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  has_task_.notify_one();
  thread_.join();
}

Result<std::unique_ptr<wire::Outlet>> ReplayEgress::open(wire::OutletRequest /*request*/) {
  return std::unique_ptr<wire::Outlet>(std::make_unique<ReplayOutlet>(*this));
}

std::string ReplayEgress::mismatch() const {
  const std::lock_guard lock(mutex_);
  return player_.mismatch();
}

std::vector<std::string> ReplayEgress::unused() const {
  const std::lock_guard lock(mutex_);
  return player_.unused();
}

wire::HttpAnswer ReplayEgress::answer_to(const wire::HttpRequest& request) {
  const cassette::Request asked = redaction_.request(to_cassette(request));
  const std::lock_guard lock(mutex_);
  const cassette::Exchange* const exchange = player_.ask(asked);
  return exchange == nullptr ? wire::HttpAnswer{Error(Error::Code::data, player_.mismatch()), {}}
                             : to_answer(*exchange);
}

void ReplayEgress::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  has_task_.notify_one();
}

void ReplayEgress::answer_until_stopped() {
  std::unique_lock lock(mutex_);
  while (true) {
    has_task_.wait(lock, [this] { return is_stopped_ || !tasks_.empty(); });
    if (is_stopped_) {
      return;
    }
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace baselined::broker
