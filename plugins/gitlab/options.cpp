#include "options.h"

#include <boost/json.hpp>

#include "item.h"

namespace baselined::gitlab {
namespace {

namespace json = boost::json;

std::vector<std::string> texts(const json::object& options, std::string_view name) {
  std::vector<std::string> list;
  if (const json::value* value = options.if_contains(name)) {
    for (const json::value& item : value->as_array()) {
      list.emplace_back(item.as_string());
    }
  }
  return list;
}

bool flag(const json::object& options, std::string_view name, bool otherwise) {
  const json::value* value = options.if_contains(name);
  return value == nullptr ? otherwise : value->as_bool();
}

Time date_of(const std::string& text) {
  const auto time = parse_time(text + "T00:00:00Z");
  if (!time) {
    throw Failure(BL_ERR_CONFIG, "since: \"" + text + "\" is no date such as 2026-01-31");
  }
  return *time;
}

void check_projects(const std::vector<std::string>& projects) {
  for (const std::string& project : projects) {
    const std::size_t wildcard = std::min(project.find_first_of("*?"), project.size());
    const std::size_t slash = project.find('/');
    if (slash == 0 || slash == std::string::npos || project.ends_with('/') || slash > wildcard) {
      throw Failure(BL_ERR_CONFIG, "projects: \"" + project +
                                       "\" is no path of a project, such as group/name or group/*");
    }
  }
}

}  // namespace

Options parse_options(std::string_view text) {
  Options options;
  std::string bots;
  std::string since;
  try {
    const json::object parsed = json::parse({text.data(), text.size()}).as_object();
    options.projects = texts(parsed, "projects");
    options.incident_labels = texts(parsed, "incident_labels");
    options.commits = flag(parsed, "commits", options.commits);
    options.incident_timelines = flag(parsed, "incident_timelines", options.incident_timelines);
    bots = std::string(parsed.at("bot_pattern").as_string());
    if (const json::value* value = parsed.if_contains("since")) {
      since = std::string(value->as_string());
    }
  } catch (const std::exception& error) {
    throw Failure(BL_ERR_CONFIG, std::string("options: ") + error.what());
  }
  check_projects(options.projects);
  if (!since.empty()) {
    options.since = date_of(since);
  }
  try {
    options.bots = std::regex(bots, std::regex::ECMAScript | std::regex::icase);
  } catch (const std::regex_error& error) {
    throw Failure(BL_ERR_CONFIG, "bot_pattern: \"" + bots + "\" is no pattern: " + error.what());
  }
  return options;
}

}  // namespace baselined::gitlab
