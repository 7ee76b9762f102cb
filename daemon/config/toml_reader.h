// Reads one TOML table key by key with types, and remembers which keys were asked for, so that the
// rest can be called unknown.
//
// Ownership: the table and the problems outlive the reader. Threads: one.
// Errors: go to the problems, with their place; the caller gets nothing or its default.
//
//   TableReader web(table, where, "in [web]", problems);
//   if (auto listen = web.text("listen")) { ... }
//   web.report_unknown_keys();
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/config/problems.h"
#include "daemon/config/text_format.h"

namespace baselined::config {

struct Text {
  std::string value;
  Location where;
};

Location place_of(const toml::source_region& source);
// "a string", "an integer", ...: for "must be ..., not ...".
std::string_view type_name(const toml::node& node);

class TableReader {
 public:
  // `title` says where in a message: "in [web]".
  TableReader(const toml::table& table, Location where, std::string title, Problems& problems);

  Location where() const { return where_; }
  const std::string& title() const { return title_; }
  Problems& problems() const { return *problems_; }

  std::optional<Text> text(std::string_view key);
  // A key that is missing is a problem.
  std::optional<Text> required_text(std::string_view key);
  bool require(std::string_view key);

  enum class ListForm { array, text_or_array };
  // Elements of another type are reported and left out.
  std::vector<Text> texts(std::string_view key, ListForm form = ListForm::array);
  // The same, and an element that does not fit the format is reported and left out.
  std::vector<Text> texts(std::string_view key, TextFormat format, ListForm form = ListForm::array);

  // A duration between the two, or the default.
  Microseconds duration(std::string_view key, Microseconds shortest, Microseconds longest,
                        Microseconds otherwise);

  // A whole number between the two, or the default.
  std::uint64_t number(std::string_view key, std::uint64_t least, std::uint64_t most,
                       std::uint64_t otherwise);

  bool boolean(std::string_view key, bool otherwise);

  std::optional<TableReader> table(std::string_view key, std::string title);
  const toml::table* raw_table(std::string_view key);
  // An array of tables: [[key]].
  std::vector<TableReader> tables(std::string_view key);

  bool has(std::string_view key) const;
  bool is_text(std::string_view key) const;
  // Counts as asked for.
  void known(std::string_view key) { known_.emplace_back(key); }
  bool is_empty_array(std::string_view key) const;
  // Where a key's value stands; where() if it is missing.
  Location place_of_value(std::string_view key) const;

  void report_unknown_keys() const;

 private:
  const toml::node* find(std::string_view key);

  const toml::table* table_;
  Location where_;
  std::string title_;
  Problems* problems_;
  std::vector<std::string> known_;
};

}  // namespace baselined::config
