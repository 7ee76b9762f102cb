// Shell-like patterns for names: '*' matches any run of characters, '/' included; '?' one
// character; everything else itself. At most |pattern| x |text| steps.
// Threads: pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baselined {

bool glob_matches(std::string_view pattern, std::string_view text);
bool any_glob_matches(const std::vector<std::string>& patterns, std::string_view text);

}  // namespace baselined
