#include "daemon/config/capabilities.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace baselined::config {

const std::vector<std::string>& known_capabilities() {
  static const std::vector<std::string> kKnown = {"http",       "net_direct", "fs_read",
                                                  "secret_raw", "threads",    "exec"};
  return kKnown;
}

bool is_capability(std::string_view name) {
  const auto& known = known_capabilities();
  return std::find(known.begin(), known.end(), name) != known.end();
}

std::vector<std::string> missing_capabilities(const std::vector<std::string>& asked,
                                              const std::vector<std::string>& granted) {
  std::vector<std::string> missing;
  for (const std::string& name : asked) {
    if (std::find(granted.begin(), granted.end(), name) == granted.end()) {
      missing.push_back(name);
    }
  }
  return missing;
}

std::string allow_line(const std::vector<std::string>& capabilities) {
  return fmt::format("allow = [\"{}\"]", fmt::join(capabilities, "\", \""));
}

}  // namespace baselined::config
