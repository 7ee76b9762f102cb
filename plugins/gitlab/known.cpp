#include "known.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace baselined::gitlab {
namespace {

// What follows the number is left in `text`.
std::int64_t take_number(std::string_view& text) {
  std::int64_t number = 0;
  const char* end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

int Known::day_of(Time time) {
  constexpr std::int64_t kDayUs = 24LL * 3600 * 1'000'000;
  return static_cast<int>(std::max<std::int64_t>(time.us, 0) / kDayUs);
}

Known::Day& Known::load(int day) {
  const auto [found, is_new] = days_.try_emplace(day);
  if (is_new) {
    for (const std::string& key : run_.open_set_get(stream_, scope_of(day))) {
      std::string_view about = key;
      const std::int64_t id = take_number(about);
      found->second[id] = std::string(about);
    }
  }
  return found->second;
}

void Known::add(std::int64_t id, const std::string& about, Time created_at) {
  const int day = day_of(created_at);
  const auto [found, is_new] = load(day).try_emplace(id, about);
  if (is_new || found->second != about) {
    found->second = about;
    changed_.insert(day);
    days_known_.add(std::to_string(day));
  }
}

void Known::remove(std::int64_t id, int day) {
  if (load(day).erase(id) != 0) {
    changed_.insert(day);
  }
}

std::optional<std::string> Known::about(std::int64_t id, Time created_at) {
  const Day& day = load(day_of(created_at));
  const auto found = day.find(id);
  return found == day.end() ? std::nullopt : std::optional(found->second);
}

void Known::put() {
  days_known_.put();
  for (const int day : changed_) {
    std::vector<std::string> keys;
    for (const auto& [id, about] : load(day)) {
      keys.push_back(std::to_string(id) + about);
    }
    run_.open_set_put(stream_, scope_of(day), keys);
  }
  changed_.clear();
}

bool Known::has(std::int64_t id) const {
  return std::any_of(days_.begin(), days_.end(),
                     [id](const auto& day) { return day.second.contains(id); });
}

std::map<std::int64_t, Known::Entry> Known::all() {
  std::map<std::int64_t, Entry> all;
  for (const std::string& key : days_known_.keys()) {
    std::string_view text = key;
    const int day = static_cast<int>(take_number(text));
    for (const auto& [id, about] : load(day)) {
      all[id] = {about, day};
    }
  }
  return all;
}

}  // namespace baselined::gitlab
