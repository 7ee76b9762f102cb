// Items that were skipped because they are not of the form that GitLab documents. They are missing
// until they come in a form that is understood, so this is kept with the cursor.
// Threads: a value.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace baselined::gitlab {

class Skipped {
 public:
  static constexpr std::size_t kMost = 100;  // that are remembered, and that there were more

  void add(const boost::json::value& item, std::string_view why);
  // The item was understood.
  void remove(const boost::json::value& item);
  std::size_t count() const { return items_.size(); }
  // "3 of the merge requests are ... skipped, such as 17: no time as created_at". Empty: none.
  std::string text(std::string_view what) const;

  boost::json::object to_json() const;
  static Skipped of_json(const boost::json::object& items);

 private:
  std::map<std::string, std::string> items_;  // id, why
};

}  // namespace baselined::gitlab
