// What an error about a name that does not exist says behind it.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

namespace baselined {

// " (did you mean 'shop'?); known: shop, web"; of many names the first ten.
std::string known_names(const std::string& name, const std::vector<std::string>& known);

}  // namespace baselined
