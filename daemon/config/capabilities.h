// The capabilities that a plugin can ask for and an operator can grant. The names are those beside
// BL_CAP_* in sdk/include/baselined/plugin.h.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baselined::config {

const std::vector<std::string>& known_capabilities();
bool is_capability(std::string_view name);

// Those of `asked` that `granted` lacks, in the order asked.
std::vector<std::string> missing_capabilities(const std::vector<std::string>& asked,
                                              const std::vector<std::string>& granted);

// The line that grants these: allow = ["fs_read", "http"]
std::string allow_line(const std::vector<std::string>& capabilities);

}  // namespace baselined::config
