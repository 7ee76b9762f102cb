#include "item.h"

#include <date/date.h>

#include <algorithm>
#include <chrono>
#include <sstream>

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

constexpr std::size_t kShaSize = 40;

[[noreturn]] void malformed(std::string_view name, std::string_view wanted) {
  throw Malformed("no " + std::string(wanted) + " as " + std::string(name));
}

}  // namespace

std::int64_t number_of(const json::value& value, std::string_view name) {
  try {
    return Item(value).integer(name);
  } catch (const Malformed&) {
    return 0;
  }
}

bool is_sha(std::string_view text) {
  return text.size() == kShaSize && text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::optional<Time> parse_time(std::string_view text) {
  std::string with_offset(text);
  if (with_offset.ends_with('Z')) {
    with_offset.replace(with_offset.size() - 1, 1, "+00:00");
  }
  for (const char* format : {"%FT%T%Ez", "%F %T %z"}) {
    std::istringstream in(with_offset);
    date::sys_time<std::chrono::microseconds> time;
    in >> date::parse(format, time);
    if (!in.fail() && in.peek() == std::istringstream::traits_type::eof()) {
      return Time{time.time_since_epoch().count()};
    }
  }
  return std::nullopt;
}

std::string format_time(Time time) {
  return date::format(
      "%FT%TZ", date::sys_time<std::chrono::microseconds>(std::chrono::microseconds(time.us)));
}

Item::Item(const json::value& value) : object_(value.if_object()) {
  if (object_ == nullptr) {
    throw Malformed("no object");
  }
}

const json::value* Item::find(std::string_view name) const {
  const json::value* value = object_->if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::value& Item::get(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) {
    throw Malformed("no " + std::string(name));
  }
  return *value;
}

std::optional<std::string_view> Item::text_if(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_string()) {
    malformed(name, "text");
  }
  return std::string_view(value->get_string());
}

std::string_view Item::text(std::string_view name) const {
  get(name);
  return *text_if(name);
}

std::optional<std::int64_t> Item::integer_if(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_int64()) {
    malformed(name, "whole number");
  }
  return value->get_int64();
}

std::int64_t Item::integer(std::string_view name) const {
  get(name);
  return *integer_if(name);
}

std::optional<double> Item::number_if(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_number()) {
    malformed(name, "number");
  }
  return value->to_number<double>();
}

std::optional<bool> Item::boolean_if(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_bool()) {
    malformed(name, "truth value");
  }
  return value->get_bool();
}

std::optional<Time> Item::time_if(std::string_view name) const {
  const auto text = text_if(name);
  if (!text) {
    return std::nullopt;
  }
  const auto time = parse_time(*text);
  if (!time) {
    malformed(name, "time");
  }
  return time;
}

Time Item::time(std::string_view name) const {
  get(name);
  return *time_if(name);
}

std::optional<std::string_view> Item::sha_if(std::string_view name) const {
  const auto text = text_if(name);
  if (text && !is_sha(*text)) {
    malformed(name, "commit id");
  }
  return text;
}

std::string_view Item::sha(std::string_view name) const {
  get(name);
  return *sha_if(name);
}

std::optional<Item> Item::object_if(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_object()) {
    malformed(name, "object");
  }
  return Item(*value);
}

Item Item::object(std::string_view name) const {
  get(name);
  return *object_if(name);
}

const json::array& Item::array(std::string_view name) const {
  const json::value& value = get(name);
  if (!value.is_array()) {
    malformed(name, "list");
  }
  return value.get_array();
}

std::optional<std::string> Item::texts_if(std::string_view name) const {
  if (find(name) == nullptr) {
    return std::nullopt;
  }
  const json::array& values = array(name);
  const bool are_texts =
      std::all_of(values.begin(), values.end(), [](const json::value& v) { return v.is_string(); });
  if (!are_texts) {
    malformed(name, "list of texts");
  }
  return json::serialize(values);
}

}  // namespace baselined::gitlab
