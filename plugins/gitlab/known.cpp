#include "known.h"

#include <date/date.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

namespace baselined::gitlab {
namespace {

constexpr int kMonths = 12;
constexpr int kFirst = 2011 * kMonths;  // GitLab's first year: what claims to be older is of it

}  // namespace

int Known::month_of(Time time) {
  const date::sys_days day = date::floor<date::days>(
      date::sys_time<std::chrono::microseconds>(std::chrono::microseconds(time.us)));
  const date::year_month_day date(day);
  const int month = static_cast<int>(date.year()) * kMonths +
                    static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  return std::max(month, kFirst);
}

// "gitlab.example.org/group/shop#2026-3"
std::string Known::scope_of(int month) const {
  return scope_ + "#" + std::to_string(month / kMonths) + "-" + std::to_string(month % kMonths + 1);
}

Known::Month& Known::load(int month) {
  const auto [found, is_new] = months_.try_emplace(month);
  if (is_new) {
    for (const std::string& key : run_.open_set_get(stream_, scope_of(month))) {
      std::int64_t id = 0;
      const char* end = std::from_chars(key.data(), key.data() + key.size(), id).ptr;
      found->second[id] = std::string(end, key.data() + key.size());
    }
  }
  return found->second;
}

void Known::add(std::int64_t id, const std::string& about, Time created_at) {
  const int month = month_of(created_at);
  const auto [found, is_new] = load(month).try_emplace(id, about);
  if (is_new || found->second != about) {
    found->second = about;
    changed_.insert(month);
  }
}

void Known::remove(std::int64_t id, int month) {
  if (load(month).erase(id) != 0) {
    changed_.insert(month);
  }
}

std::optional<std::string> Known::about(std::int64_t id, Time created_at) {
  const Month& month = load(month_of(created_at));
  const auto found = month.find(id);
  return found == month.end() ? std::nullopt : std::optional(found->second);
}

void Known::put() {
  for (const int month : changed_) {
    std::vector<std::string> keys;
    for (const auto& [id, about] : load(month)) {
      keys.push_back(std::to_string(id) + about);
    }
    run_.open_set_put(stream_, scope_of(month), keys);
  }
  changed_.clear();
}

bool Known::has(std::int64_t id) const {
  return std::any_of(months_.begin(), months_.end(),
                     [id](const auto& month) { return month.second.contains(id); });
}

std::map<std::int64_t, Known::Entry> Known::all() {
  std::map<std::int64_t, Entry> all;
  // A clock may be ahead, over the end of a month.
  for (int month = kFirst; month <= month_of(run_.now()) + 1; ++month) {
    for (const auto& [id, about] : load(month)) {
      all[id] = {about, month};
    }
  }
  return all;
}

}  // namespace baselined::gitlab
