// Text for people: aligned columns and a progress bar.
//
// Threads: values, one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace baselined {

// Columns as wide as their widest cell (in characters, not bytes), two spaces apart.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// One line on standard error that is drawn over itself, at most ten times a second; nothing where
// standard error is no terminal.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::uint64_t done, std::uint64_t total, const std::string& unit);
  void clear();

 private:
  std::string label_;
  bool is_terminal_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace baselined
