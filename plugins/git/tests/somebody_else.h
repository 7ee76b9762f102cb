// Root may read everything: while one of these lives, the process is somebody else.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

namespace baselined::git {

class SomebodyElse {
 public:
  SomebodyElse() : is_root_(::geteuid() == 0) {
    if (is_root_) {
      EXPECT_EQ(::seteuid(kNobody), 0);
    }
  }
  SomebodyElse(const SomebodyElse&) = delete;
  SomebodyElse& operator=(const SomebodyElse&) = delete;
  ~SomebodyElse() {
    if (is_root_) {
      EXPECT_EQ(::seteuid(0), 0);
    }
  }

 private:
  static constexpr uid_t kNobody = 65534;
  bool is_root_;
};

}  // namespace baselined::git
