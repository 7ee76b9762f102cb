// Receiver: where the answers of one Outlet go, until it is gone.
//
// After drop() returned no callback runs and none will. A callback may drop its own receiver; one
// that waits for another thread which drops it would wait for ever.
// Threads: deliver() the broker's, drop() any.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "daemon/wire/egress.h"

namespace baselined::broker {

class Receiver {
 public:
  void deliver(const wire::Outlet::OnAnswer& on_answer, wire::HttpAnswer answer) {
    {
      const std::lock_guard lock(mutex_);
      if (is_dropped_) {
        return;
      }
      answering_ = std::this_thread::get_id();
    }
    on_answer(std::move(answer));
    const std::lock_guard lock(mutex_);
    answering_ = {};
    idle_.notify_all();
  }

  void drop() {
    std::unique_lock lock(mutex_);
    is_dropped_ = true;
    if (answering_ != std::this_thread::get_id()) {
      idle_.wait(lock, [this] { return answering_ == std::thread::id(); });
    }
  }

  bool is_dropped() const {
    const std::lock_guard lock(mutex_);
    return is_dropped_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::thread::id answering_;
  bool is_dropped_ = false;
};

}  // namespace baselined::broker
