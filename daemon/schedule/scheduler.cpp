#include "daemon/schedule/scheduler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/schedule/delays.h"

namespace baselined::schedule {
namespace {

constexpr Microseconds kStartSpread = std::chrono::seconds(10);
constexpr std::size_t kInternalFailuresToPark = 5;
constexpr Microseconds kInternalFailureWindow = std::chrono::hours(1);

}  // namespace

Scheduler::Scheduler(const std::vector<ScheduledCollector>& collectors, SteadyTime now,
                     Random random)
    : random_(std::move(random)) {
  configure(collectors, now);
}

void Scheduler::configure(const std::vector<ScheduledCollector>& collectors, SteadyTime now) {
  for (auto& [name, entry] : entries_) {
    entry.is_removed = true;
  }
  std::int64_t fresh = 0;
  for (const ScheduledCollector& collector : collectors) {
    const Slots slots(collector.name, collector.every);
    const auto [position, inserted] = entries_.try_emplace(collector.name, slots);
    Entry& entry = position->second;
    const bool is_moved = slots.every() != entry.slots.every();
    count_skips(entry, now);
    entry.slots = slots;
    entry.is_removed = false;
    entry.was_parked_for_crashes = false;
    if (entry.state.is_running) {
      entry.is_reconfigured = true;
      continue;
    }
    if (inserted || entry.state.parked) {
      entry.state.parked.reset();
      entry.internal_failures.clear();
      entry.state.next_run = std::min<SteadyTime>(now + kStartSpread * fresh, slots.after(now));
      ++fresh;
    } else if (is_moved && entry.state.consecutive_failures == 0) {
      wait_for_slot(entry, now);
    }
  }
  std::erase_if(entries_, [](const auto& item) {
    return item.second.is_removed && !item.second.state.is_running;
  });
}

std::optional<SteadyTime> Scheduler::next_wakeup() const {
  std::optional<SteadyTime> earliest;
  for (const auto& [name, entry] : entries_) {
    const auto& next = entry.state.next_run;
    if (next && (!earliest || *next < *earliest)) {
      earliest = next;
    }
  }
  return earliest;
}

std::vector<std::string> Scheduler::due(SteadyTime now) {
  std::vector<std::pair<SteadyTime, std::string>> found;
  for (auto& [name, entry] : entries_) {
    count_skips(entry, now);
    if (entry.state.next_run && *entry.state.next_run <= now) {
      found.emplace_back(*entry.state.next_run, name);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  names.reserve(found.size());
  for (auto& [time, name] : found) {
    names.push_back(std::move(name));
  }
  return names;
}

void Scheduler::started(const std::string& name, SteadyTime now) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return;
  }
  Entry& entry = found->second;
  BL_ASSERT(!entry.state.is_running);
  entry.state.is_running = true;
  entry.state.next_run.reset();
  entry.is_reconfigured = false;
  entry.started = now;
  entry.skips_counted_to = now;
}

Scheduler::Entry* Scheduler::end_run(const std::string& name, SteadyTime now) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return nullptr;
  }
  Entry& entry = found->second;
  BL_ASSERT(entry.state.is_running);
  count_skips(entry, now);
  entry.state.is_running = false;
  if (entry.is_removed) {
    entries_.erase(found);
    return nullptr;
  }
  return &entry;
}

void Scheduler::refused(const std::string& name, SteadyTime now, Error::Code why) {
  if (Entry* entry = end_run(name, now)) {
    ++entry->state.consecutive_failures;
    entry->was_parked_for_crashes |= entry->state.parked == Error::Code::internal;
    entry->state.parked.reset();
    if (why == Error::Code::disk_full) {
      entry->state.parked = why;
    }
    entry->state.next_run = now + kRefusedInterval;
  }
}

void Scheduler::finished(const std::string& name, SteadyTime now,
                         std::optional<Error::Code> outcome, Microseconds retry_after) {
  Entry* ended = end_run(name, now);
  if (ended == nullptr) {
    return;
  }
  Entry& entry = *ended;
  entry.was_parked_for_crashes &= outcome == Error::Code::internal;
  if (outcome) {
    ++entry.state.consecutive_failures;
    wait_after_failure(entry, now, *outcome, retry_after);
    if (entry.state.parked && entry.is_reconfigured) {
      entry.state.parked.reset();
      entry.state.next_run = now;
    }
    return;
  }
  entry.state.consecutive_failures = 0;
  entry.state.parked.reset();
  entry.backoffs = 0;
  entry.internal_failures.clear();
  wait_for_slot(entry, std::max<SteadyTime>(now, entry.started + entry.slots.every() / 2));
}

bool Scheduler::request_now(const std::string& name, SteadyTime now) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second.state.is_running) {
    return false;
  }
  auto& next = found->second.state.next_run;
  next = next ? std::min(*next, now) : now;
  return true;
}

std::optional<CollectorState> Scheduler::state(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return std::nullopt;
  }
  return found->second.state;
}

void Scheduler::count_skips(Entry& entry, SteadyTime now) {
  if (entry.state.is_running) {
    entry.state.skipped += entry.slots.between(entry.skips_counted_to, now);
    entry.skips_counted_to = std::max(entry.skips_counted_to, now);
  }
}

void Scheduler::wait_for_slot(Entry& entry, SteadyTime earliest) {
  entry.state.next_run = entry.slots.after(earliest) + slot_jitter(entry.slots.every(), random_());
}

void Scheduler::wait_after_failure(Entry& entry, SteadyTime now, Error::Code code,
                                   Microseconds retry_after) {
  auto& [is_running, next_run, parked, failures, skipped] = entry.state;
  switch (code) {
    case Error::Code::config:
      parked = code;
      next_run.reset();
      return;
    case Error::Code::auth:
    case Error::Code::unsupported:
      parked = code;
      next_run = now + probe_delay(random_());
      return;
    case Error::Code::disk_full:
      parked = code;
      next_run = now + disk_full_delay(++entry.backoffs);
      return;
    case Error::Code::cancelled:
      parked.reset();
      wait_for_slot(entry, std::max<SteadyTime>(now, entry.started + entry.slots.every() / 2));
      return;
    case Error::Code::rate_limited:
      parked.reset();
      next_run = now + rate_limit_delay(retry_after, ++entry.backoffs, random_());
      return;
    case Error::Code::internal:
      note_internal_failure(entry, now);
      break;
    case Error::Code::transient:
    case Error::Code::data:
    case Error::Code::limit:
      parked.reset();
      break;
  }
  ++entry.backoffs;
  next_run = now + (parked ? probe_delay(random_()) : backoff_delay(entry.backoffs, random_()));
}

// Stays parked once parked, so that the probes of a plugin that always crashes do not end it.
void Scheduler::note_internal_failure(Entry& entry, SteadyTime now) {
  auto& times = entry.internal_failures;
  std::erase_if(times, [now](SteadyTime time) { return time + kInternalFailureWindow < now; });
  times.push_back(now);
  const bool was_parked = entry.state.parked == Error::Code::internal ||
                          std::exchange(entry.was_parked_for_crashes, false);
  entry.state.parked.reset();
  if (was_parked || times.size() >= kInternalFailuresToPark) {
    entry.state.parked = Error::Code::internal;
  }
}

}  // namespace baselined::schedule
