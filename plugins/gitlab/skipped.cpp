#include "skipped.h"

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

std::string id_of(const json::value& item) {
  const json::object* object = item.if_object();
  const json::value* id = object == nullptr ? nullptr : object->if_contains("id");
  const bool has_id = id != nullptr && id->is_int64();
  return has_id ? std::to_string(id->get_int64()) : "one without an id";
}

}  // namespace

void Skipped::add(const json::value& item, std::string_view why) {
  const std::string id = id_of(item);
  // Of those that are not remembered none can be taken back.
  items_[items_.size() < kMost || items_.contains(id) ? id : "more"] = std::string(why);
}

void Skipped::remove(const json::value& item) { items_.erase(id_of(item)); }

std::string Skipped::text(std::string_view what) const {
  if (items_.empty()) {
    return {};
  }
  const auto& [id, why] = *items_.begin();
  return std::to_string(items_.size()) + " of the " + std::string(what) +
         " could not be taken, or not whole, such as " + id + ": " + why;
}

json::object Skipped::to_json() const {
  json::object object;
  for (const auto& [id, why] : items_) {
    object[id] = why;
  }
  return object;
}

Skipped Skipped::of_json(const json::object& items) {
  Skipped skipped;
  for (const auto& [id, why] : items) {
    skipped.items_.emplace(std::string(id), std::string(why.as_string()));
  }
  return skipped;
}

}  // namespace baselined::gitlab
