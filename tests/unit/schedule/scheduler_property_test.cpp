// Many random events against a model that knows only what must never happen.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "daemon/schedule/scheduler.h"

namespace baselined::schedule {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Code = Error::Code;

// What the rules allow for one collector, worked out without the scheduler's code.
struct Model {
  Microseconds every = seconds(1);
  SteadyTime earliest;  // of the next run that was not requested
  bool may_run = true;  // false: parked by config
  bool is_requested = false;
  bool is_running = false;
  SteadyTime started;
  std::uint64_t skipped = 0;
  std::uint32_t failures = 0;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    std::vector<ScheduledCollector> collectors;
    const int count = pick(1, 6);
    for (int i = 0; i < count; ++i) {
      const std::string name = "collector-" + std::to_string(i);
      const Microseconds every = seconds(pick(1, 4000));
      collectors.push_back({name, every});
      models_[name].every = every;
      models_[name].earliest = now_;
    }
    scheduler_.emplace(collectors, now_, [this] {
      return std::uniform_real_distribution<double>(0.0, 1.0)(random_);
    });
  }

  void step() {
    now_ += Microseconds(pick(0, 3) == 0 ? pick(0, 5'000'000) : pick(0, 900) * 1'000'000LL);
    if (pick(0, 200) == 0) {
      now_ += hours(pick(1, 100));  // the process stood still
    }
    start_due();
    const std::string name = "collector-" + std::to_string(pick(0, 5));
    if (pick(0, 20) == 0) {
      request(name);
    }
    if (pick(0, 2) != 0) {
      finish(name);
    }
    check();
  }

  int runs() const { return runs_; }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  void start_due() {
    const std::vector<std::string> due = scheduler_->due(now_);
    EXPECT_EQ(std::set<std::string>(due.begin(), due.end()).size(), due.size());
    for (const std::string& name : due) {
      Model& model = models_.at(name);
      ASSERT_FALSE(model.is_running) << name;
      ASSERT_TRUE(model.is_requested || (model.may_run && now_ >= model.earliest)) << name;
      model.is_running = true;
      model.is_requested = false;
      model.started = now_;
      scheduler_->started(name, now_);
      ++runs_;
    }
  }

  void request(const std::string& name) {
    const auto found = models_.find(name);
    const bool is_possible = found != models_.end() && !found->second.is_running;
    EXPECT_EQ(scheduler_->request_now(name, now_), is_possible);
    if (is_possible) {
      found->second.is_requested = true;
    }
  }

  void finish(const std::string& name) {
    const auto found = models_.find(name);
    if (found == models_.end() || !found->second.is_running) {
      return;
    }
    Model& model = found->second;
    const int number = pick(0, 12);
    const auto outcome =
        number >= 1 && number <= 9 ? std::optional(static_cast<Code>(number)) : std::nullopt;
    const Microseconds retry_after = pick(0, 1) == 0 ? Microseconds(0) : seconds(pick(1, 200'000));
    scheduler_->finished(name, now_, outcome, retry_after);
    model.is_running = false;
    model.failures = outcome ? model.failures + 1 : 0;
    model.skipped += slots_between(name, model.every, model.started, now_);
    model.may_run = outcome != Code::config;
    model.earliest = now_ + shortest_wait(model, outcome, retry_after);
  }

  Microseconds shortest_wait(const Model& model, std::optional<Code> outcome,
                             Microseconds retry_after) const {
    if (!outcome || outcome == Code::cancelled) {
      const SteadyTime earliest = std::max<SteadyTime>(now_, model.started + model.every / 2);
      return std::chrono::duration_cast<Microseconds>(earliest - now_);
    }
    if (outcome == Code::auth || outcome == Code::unsupported) {
      return hours(1);
    }
    if (outcome == Code::rate_limited && retry_after > Microseconds(0)) {
      return std::min<Microseconds>(retry_after, hours(24));
    }
    return seconds(10);
  }

  // Counted one by one, in (from, to].
  static std::uint64_t slots_between(const std::string& name, Microseconds every, SteadyTime from,
                                     SteadyTime to) {
    std::uint64_t count = 0;
    const Slots slots(name, every);
    for (SteadyTime slot = slots.after(from); slot <= to; slot += every) {
      ++count;
    }
    return count;
  }

  void check() {
    std::optional<SteadyTime> wakeup;
    for (const auto& [name, model] : models_) {
      const CollectorState state = *scheduler_->state(name);
      ASSERT_EQ(state.is_running, model.is_running) << name;
      ASSERT_EQ(state.consecutive_failures, model.failures) << name;
      if (model.is_running) {
        ASSERT_EQ(state.next_run, std::nullopt) << name;
        continue;
      }
      ASSERT_EQ(state.skipped, model.skipped) << name;
      // Whatever happened, it runs again within a day, an interval and a half, or never.
      ASSERT_EQ(state.next_run.has_value(), model.may_run || model.is_requested) << name;
      if (state.next_run) {
        ASSERT_LE(*state.next_run, now_ + hours(24) + minutes(1) + 2 * model.every) << name;
        wakeup = wakeup ? std::min(*wakeup, *state.next_run) : *state.next_run;
      }
    }
    ASSERT_EQ(scheduler_->next_wakeup(), wakeup);
  }

  std::mt19937_64 random_;
  SteadyTime now_ = SteadyTime(hours(5));
  std::map<std::string, Model> models_;
  std::optional<Scheduler> scheduler_;
  int runs_ = 0;
};

TEST(SchedulerProperties, HoldOverManyRandomEvents) {
  int runs = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    for (int i = 0; i < 400 && !testing::Test::HasFatalFailure(); ++i) {
      world.step();
    }
    runs += world.runs();
    ASSERT_FALSE(testing::Test::HasFailure());
  }
  EXPECT_GT(runs, 20'000);  // else the events tested nothing
}

}  // namespace
}  // namespace baselined::schedule
