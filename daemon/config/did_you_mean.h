// What a person who wrote a wrong name probably meant.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baselined::config {

// Insertions, deletions, replacements and swaps of neighbours between two names (case ignored).
std::size_t edit_distance(std::string_view a, std::string_view b);

// " (did you mean 'x'?)" for the nearest candidate, or nothing where none is near: at most one
// edit per three characters, and four. The first of equally near candidates wins.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace baselined::config
