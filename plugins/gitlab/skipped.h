// Items that could not be taken, or not whole: they are not of the form that GitLab documents, or a
// part of them is not answered. What is missing of them comes with their next update, so this is
// kept with the cursor.
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
  // "3 of the merge requests could not be taken, or not whole, such as 17: no created_at". Empty:
  // none.
  std::string text(std::string_view what) const;

  boost::json::object to_json() const;
  static Skipped of_json(const boost::json::object& items);

 private:
  std::map<std::string, std::string> items_;  // id, why
};

}  // namespace baselined::gitlab
