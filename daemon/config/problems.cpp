#include "daemon/config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace baselined::config {

std::string Problem::text() const {
  if (where.line == 0) {
    return fmt::format("{}: {}", file, message);
  }
  return fmt::format("{}:{}:{}: {}", file, where.line, where.column, message);
}

void Problems::add(Location where, std::string message) {
  // A key may hold any character; a problem is one line.
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      c = '?';
    }
  }
  problems_.push_back({file_, where, std::move(message)});
}

std::vector<Problem> Problems::take() {
  std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
  });
  return std::exchange(problems_, {});
}

}  // namespace baselined::config
