#include "options.h"

#include <baselined/plugin.hpp>
#include <boost/json.hpp>

namespace baselined::git {
namespace {

namespace json = boost::json;

constexpr std::string_view kDefaultBots = R"(\[bot\]|dependabot|renovate)";

std::vector<std::string> texts(const json::object& options, std::string_view name) {
  std::vector<std::string> list;
  if (const json::value* value = options.if_contains(name)) {
    for (const json::value& item : value->as_array()) {
      list.emplace_back(item.as_string());
    }
  }
  return list;
}

Options read(const json::object& options) {
  Options result;
  result.repositories = texts(options, "repositories");
  result.branches = texts(options, "branches");
  if (const json::value* depth = options.if_contains("path_depth")) {
    result.path_depth = depth->to_number<int>();
  }
  if (const json::value* counts = options.if_contains("line_counts")) {
    result.line_counts = counts->as_bool();
  }
  const json::value* pattern = options.if_contains("bot_pattern");
  result.bot_pattern =
      pattern == nullptr ? std::string(kDefaultBots) : std::string(pattern->as_string());
  return result;
}

}  // namespace

Options parse_options(std::string_view text) {
  Options options;
  try {
    options = read(json::parse({text.data(), text.size()}).as_object());
  } catch (const std::exception& error) {
    throw Failure(BL_ERR_CONFIG, std::string("options: ") + error.what());
  }
  if (options.repositories.empty() || options.path_depth < 0 || options.path_depth > 8) {
    throw Failure(BL_ERR_CONFIG,
                  "options: repositories must not be empty, and path_depth is from 0 to 8");
  }
  try {
    options.bots = std::regex(options.bot_pattern,
                              std::regex::ECMAScript | std::regex::icase | std::regex::optimize);
  } catch (const std::regex_error& error) {
    throw Failure(BL_ERR_CONFIG,
                  "bot_pattern: \"" + options.bot_pattern + "\" is no pattern: " + error.what());
  }
  return options;
}

}  // namespace baselined::git
