#include "daemon/config/toml_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/config/did_you_mean.h"

namespace baselined::config {

Location place_of(const toml::source_region& source) {
  return {source.begin.line, source.begin.column};
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

TableReader::TableReader(const toml::table& table, Location where, std::string title,
                         Problems& problems)
    : table_(&table), where_(where), title_(std::move(title)), problems_(&problems) {}

const toml::node* TableReader::find(std::string_view key) {
  known_.emplace_back(key);
  return table_->get(key);
}

std::optional<Text> TableReader::text(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  if (!node->is_string()) {
    problems_->add(place_of(node->source()),
                   fmt::format("'{}' must be a string, not {}", key, type_name(*node)));
    return std::nullopt;
  }
  return Text{node->as_string()->get(), place_of(node->source())};
}

std::optional<Text> TableReader::required_text(std::string_view key) {
  auto found = text(key);
  require(key);
  return found;
}

bool TableReader::require(std::string_view key) {
  if (has(key)) {
    return true;
  }
  problems_->add(where_, fmt::format("missing key '{}' {}", key, title_));
  return false;
}

std::vector<Text> TableReader::texts(std::string_view key, ListForm form) {
  std::vector<Text> found;
  const toml::node* node = find(key);
  if (node == nullptr) {
    return found;
  }
  if (form == ListForm::text_or_array && node->is_string()) {
    found.push_back({node->as_string()->get(), place_of(node->source())});
    return found;
  }
  if (!node->is_array()) {
    problems_->add(
        place_of(node->source()),
        fmt::format("'{}' must be {}an array of strings, not {}", key,
                    form == ListForm::text_or_array ? "a string or " : "", type_name(*node)));
    return found;
  }
  for (const toml::node& element : *node->as_array()) {
    if (element.is_string()) {
      found.push_back({element.as_string()->get(), place_of(element.source())});
    } else {
      problems_->add(place_of(element.source()),
                     fmt::format("'{}' must hold strings, not {}", key, type_name(element)));
    }
  }
  return found;
}

std::vector<Text> TableReader::texts(std::string_view key, TextFormat format, ListForm form) {
  std::vector<Text> found = texts(key, form);
  std::erase_if(found, [&](const Text& element) {
    const std::string problem = problem_with(format, element.value);
    if (!problem.empty()) {
      problems_->add(element.where, fmt::format("'{}' {}", key, problem));
    }
    return !problem.empty();
  });
  return found;
}

Microseconds TableReader::duration(std::string_view key, Microseconds shortest,
                                   Microseconds longest, Microseconds otherwise) {
  const auto found = text(key);
  if (!found) {
    return otherwise;
  }
  const auto parsed = parse_duration(found->value);
  if (!parsed) {
    problems_->add(found->where, fmt::format("'{}': {}", key, parsed.error().message()));
    return otherwise;
  }
  if (*parsed < shortest || *parsed > longest) {
    problems_->add(found->where,
                   fmt::format("'{}' is {}; it must be between {} and {}", key, found->value,
                               format_duration(shortest), format_duration(longest)));
    return otherwise;
  }
  return *parsed;
}

std::uint64_t TableReader::number(std::string_view key, std::uint64_t least, std::uint64_t most,
                                  std::uint64_t otherwise) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return otherwise;
  }
  const Location where = place_of(node->source());
  if (!node->is_integer()) {
    problems_->add(where,
                   fmt::format("'{}' must be a whole number, not {}", key, type_name(*node)));
    return otherwise;
  }
  const std::int64_t value = node->as_integer()->get();
  if (value < 0 || static_cast<std::uint64_t>(value) < least ||
      static_cast<std::uint64_t>(value) > most) {
    problems_->add(
        where, fmt::format("'{}' is {}; it must be between {} and {}", key, value, least, most));
    return otherwise;
  }
  return static_cast<std::uint64_t>(value);
}

bool TableReader::boolean(std::string_view key, bool otherwise) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    return otherwise;
  }
  if (!node->is_boolean()) {
    problems_->add(place_of(node->source()),
                   fmt::format("'{}' must be true or false, not {}", key, type_name(*node)));
    return otherwise;
  }
  return node->as_boolean()->get();
}

const toml::table* TableReader::raw_table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr || node->is_table()) {
    return node == nullptr ? nullptr : node->as_table();
  }
  problems_->add(place_of(node->source()),
                 fmt::format("'{}' must be a table, not {}", key, type_name(*node)));
  return nullptr;
}

std::optional<TableReader> TableReader::table(std::string_view key, std::string title) {
  const toml::table* found = raw_table(key);
  if (found == nullptr) {
    return std::nullopt;
  }
  return TableReader(*found, place_of(found->source()), std::move(title), *problems_);
}

std::vector<TableReader> TableReader::tables(std::string_view key) {
  std::vector<TableReader> found;
  const toml::node* node = find(key);
  if (node == nullptr) {
    return found;
  }
  if (!node->is_array()) {
    problems_->add(place_of(node->source()), fmt::format("'{}' must be an array of tables, not {}: "
                                                         "write [[{}]]",
                                                         key, type_name(*node), key));
    return found;
  }
  for (const toml::node& element : *node->as_array()) {
    const Location where = place_of(element.source());
    if (element.is_table()) {
      found.emplace_back(*element.as_table(), where, fmt::format("in [[{}]]", key), *problems_);
    } else {
      problems_->add(where, fmt::format("'{}' must hold tables, not {}: write [[{}]]", key,
                                        type_name(element), key));
    }
  }
  return found;
}

bool TableReader::has(std::string_view key) const { return table_->contains(key); }

bool TableReader::is_text(std::string_view key) const {
  const toml::node* node = table_->get(key);
  return node != nullptr && node->is_string();
}

bool TableReader::is_empty_array(std::string_view key) const {
  const toml::node* node = table_->get(key);
  return node != nullptr && node->is_array() && node->as_array()->empty();
}

Location TableReader::place_of_value(std::string_view key) const {
  const toml::node* node = table_->get(key);
  return node == nullptr ? where_ : place_of(node->source());
}

void TableReader::report_unknown_keys() const {
  for (const auto& [key, node] : *table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) == known_.end()) {
      std::string hint = did_you_mean(key.str(), known_);
      if (hint.empty()) {
        hint = fmt::format("; known: {}", fmt::join(known_, ", "));
      }
      problems_->add(place_of(key.source()),
                     fmt::format("unknown key '{}' {}{}", key.str(), title_, hint));
    }
  }
}

}  // namespace baselined::config
