// Collects the problems of one configuration file, so that all are told at once.
// Threads: one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "daemon/config/configuration.h"

namespace baselined::config {

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void add(Location where, std::string message);
  bool empty() const { return problems_.empty(); }
  // In the order of the file; those without a place first. Leaves nothing behind.
  std::vector<Problem> take();

 private:
  std::string file_;
  std::vector<Problem> problems_;
};

}  // namespace baselined::config
