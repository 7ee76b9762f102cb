// What a text of the configuration may be beyond being text.
//
// A check returns what is wrong, ready to stand behind "option 'x' " ("is empty"), or nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace baselined::config {

enum class TextFormat {
  any,
  name,   // of a collector or plugin: letters, digits, '.', '_' and '-', at most 64, beginning with
          // a letter or digit; it stands in metrics, file names and on command lines
  title,  // shown to people and in labels: at most 128 bytes, no space at either end
  path,   // absolute; may be a glob
  duration,
  glob,
  regex,
};

// For all but `any`: not empty and without control characters.
std::string problem_with(TextFormat format, std::string_view text);

}  // namespace baselined::config
