// While one of these lives, reading a folder passes over its files of this name, as tmpfs and btrfs
// may do with one that is replaced meanwhile. One at a time.
#pragma once

#include <string>

namespace baselined::git {

class PassedOver {
 public:
  explicit PassedOver(const std::string& name);
  PassedOver(const PassedOver&) = delete;
  PassedOver& operator=(const PassedOver&) = delete;
  ~PassedOver();
};

}  // namespace baselined::git
