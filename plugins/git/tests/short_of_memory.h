// While one of these lives, a larger allocation of C++ throws bad_alloc, as in a worker whose
// memory has a limit. One at a time. C's malloc, and so libgit2, knows nothing of it.
#pragma once

#include <cstddef>

namespace baselined::git {

class ShortOfMemory {
 public:
  explicit ShortOfMemory(std::size_t largest_bytes);
  ShortOfMemory(const ShortOfMemory&) = delete;
  ShortOfMemory& operator=(const ShortOfMemory&) = delete;
  ~ShortOfMemory();
};

}  // namespace baselined::git
