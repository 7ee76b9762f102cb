#include "daemon/main/table.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace baselined {
namespace {

// Characters of UTF-8 text: every byte that does not continue one.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

}  // namespace

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)), is_terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(std::uint64_t done, std::uint64_t total, const std::string& unit) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_terminal_ || now < next_) {
    return;
  }
  next_ = now + std::chrono::milliseconds(100);
  constexpr std::uint64_t kWidth = 30;
  std::string bar;
  if (total != 0) {
    const std::uint64_t filled = std::min(done, total) * kWidth / total;
    bar = fmt::format(" [{:=<{}}{: <{}}]", "", filled, "", kWidth - filled);
  }
  const std::string of = total == 0 ? "" : fmt::format(" of {}", total);
  std::fputs(fmt::format("\r\x1b[K{}{} {}{} {}", label_, bar, done, of, unit).c_str(), stderr);
  is_drawn_ = true;
}

void ProgressBar::clear() {
  if (is_drawn_) {
    std::fputs("\r\x1b[K", stderr);
    is_drawn_ = false;
  }
}

}  // namespace baselined
