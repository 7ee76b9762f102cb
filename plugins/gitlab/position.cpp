#include "position.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

Position read(const json::object& object) {
  Position position;
  position.identity = std::string(object.at("identity").as_string());
  if (const json::value* rules = object.if_contains("rules")) {
    position.rules = std::string(rules->as_string());
  }
  if (const json::value* again = object.if_contains("again")) {
    position.again = std::string(again->as_string());
  }
  if (const json::value* from = object.if_contains("from")) {
    position.from = Time{from->as_int64()};
  }
  if (const json::value* latest = object.if_contains("latest")) {
    position.latest = Time{latest->as_int64()};
  }
  if (const json::value* stuck_at = object.if_contains("stuck_at")) {
    position.stuck_at = stuck_at->as_int64();
  }
  position.highest_id = object.at("highest_id").as_int64();
  position.skipped = Skipped::of_json(object.at("skipped").as_object());
  for (const auto& [key, value] : object.at("recent").as_object()) {
    std::int64_t id = 0;
    std::from_chars(key.data(), key.data() + key.size(), id);
    position.recent[id] = Time{value.as_int64()};
  }
  return position;
}

}  // namespace

Position Position::parse(std::string_view cursor) {
  try {
    return read(json::parse(cursor).as_object());
  } catch (const std::exception&) {
    return {};
  }
}

std::string Position::text() const {
  json::object object;
  object["identity"] = identity;
  if (!rules.empty()) {
    object["rules"] = rules;
  }
  if (!again.empty()) {
    object["again"] = again;
  }
  if (from != Time{BL_BEGINNING}) {
    object["from"] = from.us;
  }
  if (latest) {
    object["latest"] = latest->us;
  }
  object["highest_id"] = highest_id;
  if (stuck_at != 0) {
    object["stuck_at"] = stuck_at;
  }
  object["skipped"] = skipped.to_json();
  json::object& items = object["recent"].emplace_object();
  for (const auto& [id, updated] : recent) {
    items[std::to_string(id)] = updated.us;
  }
  return json::serialize(object);
}

bool Position::has(std::int64_t id, Time updated) const {
  const auto found = recent.find(id);
  return found != recent.end() && found->second == updated;
}

void Position::take(std::int64_t id, Time updated) {
  recent[id] = updated;
  latest = std::max(latest.value_or(updated), updated);
  forget_before_latest();
  if (recent.size() > kMostRecent) {
    recent.erase(oldest());
  }
}

void Position::note(std::int64_t id, Time updated) {
  recent[id] = updated;
  if (recent.size() > kMostRecent) {
    recent.erase(oldest());
  }
}

void Position::forget_old() {
  for (const auto& [id, updated] : recent) {
    latest = std::max(latest.value_or(updated), updated);
  }
  forget_before_latest();
}

void Position::forget_before_latest() {
  const std::int64_t begin = latest ? latest->us - kOverlapUs : BL_BEGINNING;
  std::erase_if(recent, [begin](const auto& item) { return item.second.us < begin; });
}

std::map<std::int64_t, Time>::const_iterator Position::oldest() const {
  return std::min_element(recent.begin(), recent.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; });
}

// Of more items than are remembered those that were forgotten are not asked for again.
std::optional<Time> Position::resume() const {
  if (recent.size() >= kMostRecent) {
    return oldest()->second;
  }
  return latest ? std::optional(Time{latest->us - kOverlapUs}) : std::nullopt;
}

}  // namespace baselined::gitlab
