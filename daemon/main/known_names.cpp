#include "daemon/main/known_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "daemon/config/did_you_mean.h"

namespace baselined {
namespace {

constexpr std::size_t kMostListed = 10;

}  // namespace

std::string known_names(const std::string& name, const std::vector<std::string>& known) {
  const auto listed = static_cast<std::ptrdiff_t>(std::min(known.size(), kMostListed));
  std::string text = fmt::format("{}; known: {}", config::did_you_mean(name, known),
                                 fmt::join(known.begin(), known.begin() + listed, ", "));
  if (known.empty()) {
    text += "none";
  } else if (known.size() > kMostListed) {
    text += fmt::format(" and {} more", known.size() - kMostListed);
  }
  return text;
}

}  // namespace baselined
