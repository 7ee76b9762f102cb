// The collector's options, from the JSON that the host has checked against kOptionsSchema.
//
// A value. parse_options throws Failure(BL_ERR_CONFIG) that names the option.
#pragma once

#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::git {

struct Options {
  std::vector<std::string> repositories;
  std::vector<std::string> branches;  // empty: all refs
  int path_depth = 0;                 // 0: no commit_paths
  bool line_counts = false;
  std::string bot_pattern;
  std::regex bots;  // bot_pattern, ignoring case
};

Options parse_options(std::string_view json);

inline constexpr std::string_view kOptionsSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["repositories"],
  "properties": {
    "repositories": {
      "type": "array",
      "minItems": 1,
      "items": {"type": "string", "format": "path"},
      "description": "Repositories on this machine, bare or not. Wildcards are expanded; a match that is no repository is passed over, a path that is named must be one."
    },
    "read_also": {
      "type": "array",
      "items": {"type": "string", "format": "path"},
      "description": "Folders outside of the repositories that they need: where their alternates, linked worktrees and included configuration lead. A run can read nothing else."
    },
    "branches": {
      "type": "array",
      "items": {"type": "string", "format": "glob"},
      "description": "Only branches whose name matches one of these wildcards (main, release/*, origin/main), and every tag. Default: all refs."
    },
    "path_depth": {
      "type": "integer",
      "minimum": 0,
      "maximum": 8,
      "default": 0,
      "description": "How many leading components of touched paths to collect. For later use: nothing reads them yet, and reading history takes twice as long or more. 0: none."
    },
    "line_counts": {
      "type": "boolean",
      "default": false,
      "description": "Count files and lines of every commit against its first parent. Slow: it compares contents."
    },
    "bot_pattern": {
      "type": "string",
      "format": "regex",
      "default": "\\[bot\\]|dependabot|renovate",
      "description": "Authors whose name or e-mail address matches are bots. Case does not matter."
    }
  }
})json";

}  // namespace baselined::git
