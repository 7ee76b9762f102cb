// Shell-like patterns for names: '*' matches any run of characters, '/' included; '?' one
// character; everything else itself. At most |pattern| x |text| steps.
// Threads: pure function.
#pragma once

#include <string_view>

namespace baselined {

bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace baselined
