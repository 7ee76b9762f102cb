// One JSON object of GitLab's API, read by name. What is not of the form that GitLab documents
// makes the item malformed: it is skipped and counted, and the others are taken.
//
// Ownership: a view; the parsed document must outlive it, and the texts that it returns.
// Errors: Malformed, which names the field and never its value.
#pragma once

#include <baselined/plugin.hpp>
#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace baselined::gitlab {

class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Item {
 public:
  explicit Item(const boost::json::value& value);

  // Absent and null are the same.
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // It may be null.
  bool is_told(std::string_view name) const { return object_->contains(name); }
  std::string_view text(std::string_view name) const;
  std::optional<std::string_view> text_if(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  std::optional<std::int64_t> integer_if(std::string_view name) const;
  std::optional<double> number_if(std::string_view name) const;
  std::optional<bool> boolean_if(std::string_view name) const;
  Time time(std::string_view name) const;
  std::optional<Time> time_if(std::string_view name) const;
  // 40 hexadecimal digits.
  std::string_view sha(std::string_view name) const;
  std::optional<std::string_view> sha_if(std::string_view name) const;
  Item object(std::string_view name) const;
  std::optional<Item> object_if(std::string_view name) const;
  const boost::json::array& array(std::string_view name) const;
  // The texts of a list, as canonical JSON; nothing where there is none.
  std::optional<std::string> texts_if(std::string_view name) const;

 private:
  const boost::json::value* find(std::string_view name) const;
  const boost::json::value& get(std::string_view name) const;

  const boost::json::object* object_;
};

// 0: it makes no sense.
std::int64_t number_of(const boost::json::value& value, std::string_view name);
// 40 hexadecimal digits.
bool is_sha(std::string_view text);
// RFC 3339 with any offset, and "2021-04-28 21:50:00 +0200". Nothing where it is no time.
std::optional<Time> parse_time(std::string_view text);
// "2021-04-28T19:50:00.000000Z"
std::string format_time(Time time);

}  // namespace baselined::gitlab
