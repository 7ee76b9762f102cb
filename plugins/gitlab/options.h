// The collector's options, from the JSON that the host has checked against kOptionsSchema.
//
// A value. parse_options throws Failure(BL_ERR_CONFIG) that names the option.
#pragma once

#include <baselined/plugin.hpp>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::gitlab {

struct Options {
  std::vector<std::string> projects;         // paths or globs
  std::optional<Time> since;                 // nothing: everything
  std::vector<std::string> incident_labels;  // besides issues of the type incident
  std::regex bots;                           // ignoring case
  bool incident_timelines = true;
  bool commits = false;  // and refs
};

Options parse_options(std::string_view json);

inline constexpr std::string_view kOptionsSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["projects"],
  "properties": {
    "projects": {
      "type": "array",
      "minItems": 1,
      "items": {"type": "string", "format": "glob"},
      "description": "Projects by their full path, group/name. With wildcards (* and ?) all projects of the group before the first one whose path matches, subgroups included; archived ones are left out."
    },
    "since": {
      "type": "string",
      "description": "A date, YYYY-MM-DD: what was last updated before it is not collected. Default: everything."
    },
    "incident_labels": {
      "type": "array",
      "items": {"type": "string"},
      "description": "Issues with one of these labels are incidents, besides those of the type incident."
    },
    "incident_timelines": {
      "type": "boolean",
      "default": true,
      "description": "What people write into the timelines of incidents: when the impact began and when it was over. Asked for by GraphQL; false where that is not to be reached."
    },
    "commits": {
      "type": "boolean",
      "default": false,
      "description": "Commits, tags and branches too, where no collector git reads the same repository. Slower than git: a request for each hundred commits of the whole history."
    },
    "bot_pattern": {
      "type": "string",
      "format": "regex",
      "default": "\\[bot\\]|^(project|group)_\\d+_bot|dependabot|renovate",
      "description": "Users whose name matches are bots. Case does not matter."
    }
  }
})json";

}  // namespace baselined::gitlab
